import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Client } from '@elastic/elasticsearch';
import { StoreError } from '../../../source/kernel/errors.ts';
import { logElasticsearchEvents } from '../../../stores/elasticsearch/elasticsearch-log.ts';
import { ElasticsearchStore } from '../../../stores/elasticsearch-store.ts';
import { LineLogger } from '../../_helpers/fakes/processor-run.ts';

/** A port of this machine at which nobody answers, until `open` is called. */
async function port(t: ExecutionContext): Promise<{ port: number; open: () => Promise<void> }> {
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
    response.end('{"error":{"type":"security_exception","reason":"missing authentication"},"status":401}');
  });
  await listen(server, 0);
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return {
    port: free,
    open: async () => {
      await listen(server, free);
      t.teardown(() => {
        server.closeAllConnections();
        server.close();
      });
    },
  };
}

function listen(server: Server, at: number): Promise<void> {
  return new Promise((resolve) => {
    server.listen(at, '127.0.0.1', resolve);
  });
}

function clientOf(t: ExecutionContext, options: ConstructorParameters<typeof Client>[0]): Client {
  const client = new Client({ maxRetries: 0, ...options });
  t.teardown(() => client.close());
  return client;
}

test('a server that does not answer, or refuses, shows user and password nowhere', async (t) => {
  const password = `secret-${randomBytes(8).toString('hex')}`;
  const apiKey = randomBytes(16).toString('base64');
  const { port: free, open } = await port(t);
  const address = `127.0.0.1:${free}`;
  const clients = [
    clientOf(t, { node: `http://elastic:${password}@${address}` }),
    clientOf(t, { node: `http://${address}`, auth: { username: 'elastic', password } }),
    clientOf(t, { node: `http://${address}`, auth: { apiKey } }),
    clientOf(t, { node: `http://${address}`, headers: { authorization: `Bearer ${apiKey}` } }),
  ];
  const log = new LineLogger();
  const ends = clients.map((client) => logElasticsearchEvents(client, log));
  const outcomes: unknown[] = [];
  const callAll = async () => {
    for (const client of clients) {
      const store = new ElasticsearchStore({ client, index: 'i', timeoutMs: 10_000 });
      outcomes.push(await t.throwsAsync(store.get('k'), { instanceOf: StoreError }));
      outcomes.push(await t.throwsAsync(store.put('k', Buffer.from('{"a":1}')), { instanceOf: StoreError }));
    }
  };
  await callAll();
  const failed = log.messages('warn').length;
  t.true(failed > 0);
  t.like(log.lines[0], { message: 'Elasticsearch did not answer a request', fields: { node: address } });
  await open();
  await callAll();
  for (const end of ends) end();
  t.true(log.messages('debug').includes('Elasticsearch answered with an error'));
  const said = inspect([log.lines, outcomes], {
    depth: Infinity,
    showHidden: true,
    maxStringLength: Infinity,
  });
  for (const secret of [password, apiKey, Buffer.from(`elastic:${password}`).toString('base64')])
    t.false(said.includes(secret), said);
});

test('dead nodes that stay dead warn, and those that answer again are told', async (t) => {
  const { port: free } = await port(t);
  const client = clientOf(t, { node: `http://127.0.0.1:${free}` });
  const log = new LineLogger();
  t.teardown(logElasticsearchEvents(client, log));
  await t.throwsAsync(client.info());
  const result = {
    isAlive: false,
    strategy: 'ping',
    connection: { url: new URL(`http://ann:pa55@127.0.0.1:${free}`) },
  };
  client.diagnostic.emit('resurrect', new Error('still down'), result);
  client.diagnostic.emit('resurrect', null, { ...result, isAlive: true });
  client.diagnostic.emit('resurrect', null, { ...result, isAlive: true, strategy: 'optimistic' });
  t.deepEqual(
    log.lines.slice(-3).map(({ level, message, fields }) => [level, message, fields]),
    [
      ['warn', 'A node of Elasticsearch still does not answer', { node: `127.0.0.1:${free}` }],
      ['info', 'A node of Elasticsearch answers again', { node: `127.0.0.1:${free}` }],
      ['debug', 'A node of Elasticsearch is tried again', { node: `127.0.0.1:${free}` }],
    ],
  );
});
