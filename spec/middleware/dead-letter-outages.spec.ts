import { createServer } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { Client } from '@elastic/elasticsearch';
import { Cluster, Redis } from 'ioredis';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { startRedis } from '../../scripts/services/redis-server.ts';
import type { BatchError } from '../../source/batch-error.ts';
import { eachMessage } from '../../source/each-message.ts';
import { deadLetter } from '../../source/middleware/dead-letter.ts';
import { boom } from '../_helpers/fakes/line-jobs.ts';
import { fixture, GROUP } from '../_helpers/fakes/processor-run.ts';
import { testWith } from '../_helpers/servers/services.ts';
import { elasticsearchClient, redisClient } from '../_helpers/servers/store-servers.ts';

/** How the clients of Redis and Elasticsearch say that their server is away. */
type Call = (t: ExecutionContext, port: number) => Promise<unknown>;

const quickly = { retryStrategy: () => 20 };

const calls: Readonly<Record<string, Call>> = {
  'ioredis has retried often enough': (t, port) =>
    redisClient(t, port, { ...quickly, maxRetriesPerRequest: 1 }).get('a'),
  'ioredis has given up': (t, port) => redisClient(t, port, { retryStrategy: () => null }).get('a'),
  'ioredis has no connection and no queue': (t, port) =>
    redisClient(t, port, { ...quickly, enableOfflineQueue: false }).get('a'),
  'ioredis has a time limit': (t, port) => redisClient(t, port, { ...quickly, commandTimeout: 30 }).get('a'),
  'ioredis finds no node of a cluster': (t, port) => {
    const client = new Cluster([{ host: '127.0.0.1', port }], { clusterRetryStrategy: () => null });
    client.on('error', () => undefined);
    return client.get('a');
  },
  'the client of Elasticsearch is refused': (t, port) =>
    elasticsearchClient(t, port, { maxRetries: 0 }).get({ index: 'a', id: 'b' }),
};

for (const [what, call] of Object.entries(calls))
  test(`nothing is set aside in an outage of which a client says it in its own way: ${what}`, async (t) => {
    const [port = 0] = await freePorts(1);
    await assertOutage(t, () => call(t, port));
  });

test('nothing is set aside in an outage: an HTTP server in front of Elasticsearch answers 503', async (t) => {
  const server = createServer((_request, response) => {
    response.writeHead(503, { 'x-elastic-product': 'Elasticsearch' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = new Client({ node: `http://127.0.0.1:${port}`, maxRetries: 0 });
  t.teardown(() => client.close());
  await assertOutage(t, () => client.get({ index: 'a', id: 'b' }));
});

testWith(['redis-server'], 'nothing is set aside in an outage: a Redis has no memory left', async (t) => {
  const server = await startRedis({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] });
  t.teardown(() => server.stop());
  const client = new Redis({ host: '127.0.0.1', port: server.port });
  t.teardown(() => {
    client.disconnect();
  });
  await assertOutage(t, () => client.set('a', 'b'));
});

testWith(['redis-server'], 'what a Redis refuses for what it is is set aside', async (t) => {
  const server = await startRedis();
  t.teardown(() => server.stop());
  const client = redisClient(t, server.port);
  await client.set('a', 'no list');
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 1);
  await make(
    eachMessage(async () => {
      await client.lpush('a', 'b');
    }),
    { middleware: [deadLetter()] },
  ).runToEnd();
  t.deepEqual(kafka.values('in.dlq'), ['in0']);
});

/** One message of three meets the outage, one is poison; none is set aside. */
async function assertOutage(t: ExecutionContext, call: () => Promise<unknown>): Promise<void> {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 3);
  const { error } = await outcome(
    make(
      eachMessage(async ({ offset }) => {
        if (offset === 1) await call();
        if (offset === 2) throw boom;
      }),
      { middleware: [deadLetter()] },
    ).runToEnd(),
  );
  const { failures } = (error as Error).cause as BatchError;
  t.is(failures.length, 2, String(failures[0]?.error));
  t.deepEqual(kafka.values('in.dlq'), []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
}
