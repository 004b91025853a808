import test, { type ExecutionContext } from 'ava';
import type { Client } from '@elastic/elasticsearch';
import { startElasticsearch } from '../../../scripts/services/elasticsearch-server.ts';
import { isListening } from '../../../scripts/services/listening.ts';
import { StoreError } from '../../../source/kernel/errors.ts';
import { FaultProxy } from '../../../source/testing/index.ts';
import { ElasticsearchStore } from '../../../stores/elasticsearch-store.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { elasticsearchClient, ownElasticsearch } from '../../_helpers/servers/store-servers.ts';
import { sumUnderFault, type StoreFault } from '../../_helpers/jobs/sum-job.ts';
import { until } from '../../_helpers/until.ts';

// One write at a time, and few that wait: the next is refused.
const QUEUE = 4;
const settings = [`thread_pool.write.queue_size: ${QUEUE}`, 'node.processors: 1'];
const elasticsearch = ownElasticsearch({ settings });

elasticsearch.test(
  'when the queue for writes is full, the error names the keys that were refused, and those that were written',
  async (t, { port }) => {
    const client = elasticsearchClient(t, port, { maxRetries: 0 });
    const index = randomName('queue');
    // Its parts of one call are writes of their own.
    await client.indices.create({ index, settings: { number_of_shards: 20, number_of_replicas: 0 } });
    const store = new ElasticsearchStore({ client, index });
    const keys = Array.from({ length: 2000 }, (_none, at) => `key-${at}`);
    const error = await t.throwsAsync(
      store.putAll(keys.map((key) => [key, Buffer.from('{"n":1}')] as const)),
      {
        instanceOf: StoreError,
        message: /status 429 es_rejected_execution_exception: .*\(too many requests are queued\)/,
      },
    );
    t.true(error.retriable);
    const written = error.written.map(({ key }) => key);
    t.true(written.length > 0, 'those that found room');
    t.deepEqual([...written, ...error.keys].toSorted(), keys.toSorted(), 'each key is named once');
    t.deepEqual([...(await store.getAll(keys)).keys()].toSorted(), written.toSorted());
    // What was refused is written when it comes again in parts that find room.
    for (const key of error.keys.slice(0, 5)) await store.put(key, Buffer.from('{"n":1}'));
    t.is((await store.getAll(keys)).size, written.length + 5);
    await client.indices.delete({ index });
  },
);

for (const withOffsets of [true, false]) {
  const sums = withOffsets ? 'with offsets in the values sums are exact' : 'sums are never too small';
  elasticsearch.test(
    `when the queue for writes is full, the job goes on after it, and ${sums}`,
    async (t, { port }) => {
      const admin = elasticsearchClient(t, port, { maxRetries: 0, requestTimeout: 120_000 });
      const client = elasticsearchClient(t, port, { maxRetries: 0 });
      const store = new ElasticsearchStore({ client, index: randomName('sums'), timeoutMs: 60_000 });
      const error = await sumUnderFault(t, store, fullQueue(admin), withOffsets);
      t.regex(error.message, /status 429 es_rejected_execution_exception/);
      t.true(error.retriable);
    },
  );
}

/** One write that takes seconds has the only thread, and others have all places behind it. */
function fullQueue(admin: Client): StoreFault {
  const index = randomName('flood');
  const lines = Array.from({ length: 60_000 }, (_none, n) => `{"index":{}}\n{"n":${n},"text":"text ${n}"}\n`);
  const bulk = (bulkBody: string) =>
    admin.transport.request(
      {
        method: 'POST',
        path: `/${index}/_bulk`,
        querystring: { filter_path: 'errors' },
        bulkBody,
      },
      // Refused, since the queue is full for a moment already.
      { ignore: [429] },
    );
  const underWay: Promise<unknown>[] = [];
  const wait = { deadlineMs: 60_000, what: 'the server to be busy' };
  /** Whether all places are taken; false where the long write was over before. */
  const fill = async () => {
    let isOver = false;
    underWay.push(bulk(lines.join('')).finally(() => (isOver = true)));
    // The part that a shard does: what comes before it is done by the same thread, and would be
    // in its own way.
    const nodes = await until(async () => {
      const listed = await admin.tasks.list({ actions: 'indices:data/write/bulk[s][p]' });
      const found = Object.keys(listed.nodes ?? {});
      return isOver ? [] : found.length > 0 && found;
    }, wait);
    const [node = ''] = nodes;
    if (!isOver) for (let at = 0; at < QUEUE; at++) underWay.push(bulk(lines[at] ?? ''));
    await until(async () => {
      const stats = await admin.nodes.stats({ node_id: node, metric: 'thread_pool' });
      return isOver || stats.nodes[node]?.thread_pool?.['write']?.queue === QUEUE;
    }, wait);
    return !isOver;
  };
  return {
    isPassing: true,
    async strike() {
      await Promise.all(underWay.splice(0));
      while (!(await fill())) await Promise.all(underWay.splice(0));
    },
    async heal() {
      await Promise.all(underWay);
      // A server that starts again would have to recover it first.
      await admin.indices.delete({ index });
    },
  };
}

elasticsearch.test(
  'when the server is killed in a write and restarted, sums are exact with offsets in the values, and else never too small',
  async (t, server) => {
    t.timeout(240_000);
    const proxy = await FaultProxy.start({ target: { port: server.port } });
    t.teardown(() => proxy.close());
    const client = elasticsearchClient(t, proxy.port, { maxRetries: 0 });
    const { nodes } = await client.nodes.info({ metric: 'process' });
    const pid = Object.values(nodes)[0]?.process?.id ?? 0;
    const death: StoreFault = {
      strike: () => {
        // The writes reach the server, their replies do not come back.
        proxy.link({ latencyMs: 20_000 }, 'to-client');
        setTimeout(() => {
          process.kill(pid, 'SIGKILL');
          proxy.reset();
        }, 200);
      },
      heal: async () => {
        await until(async () => !(await isListening(server.port)), { deadlineMs: 30_000, what: 'its end' });
        proxy.pass();
        const { port, folder } = server;
        const again = await startElasticsearch({ port, folder, settings, isShortLived: true });
        t.teardown(() => again.stop());
      },
    };
    const errors = await twoJobs(t, client, death);
    for (const error of errors) {
      t.regex(error.message, /no answer from Elasticsearch: .*\(the client reconnects/);
      t.true(error.retriable);
    }
  },
);

/**
 * Runs a job with offsets in its values, and one without, which meet one fault in the same write:
 * it takes long to be brought about, and to be fixed.
 *
 * @returns the error of each
 */
async function twoJobs(
  t: ExecutionContext,
  client: Client,
  { strike, heal }: StoreFault,
): Promise<StoreError[]> {
  let writing = 0;
  let healed: Promise<void> | undefined;
  let goOn = (): void => undefined;
  const struck = new Promise<void>((resolve) => (goOn = resolve));
  const shared: StoreFault = {
    async strike() {
      if (++writing < 2) {
        await struck;
        return;
      }
      await strike();
      goOn();
    },
    heal: () => (healed ??= Promise.resolve(heal())),
  };
  const jobs = [true, false].map(async (withOffsets) => {
    const store = new ElasticsearchStore({ client, index: randomName('sums'), timeoutMs: 60_000 });
    return sumUnderFault(t, store, shared, withOffsets);
  });
  return Promise.all(jobs);
}

test('a full queue is retriable also where the whole request is refused', async (t) => {
  const refusal = Object.assign(new Error('429'), {
    name: 'ResponseError',
    statusCode: 429,
    body: {
      error: {
        type: 'es_rejected_execution_exception',
        reason: 'rejected execution of coordinating operation',
      },
    },
  });
  const client = { transport: { request: () => Promise.reject(refusal) } };
  const store = new ElasticsearchStore({ client, index: 'a' });
  const error = await t.throwsAsync(
    store.putAll([
      ['x', Buffer.from('{}')],
      ['y', Buffer.from('{}')],
    ]),
    { instanceOf: StoreError, message: /status 429 es_rejected_execution_exception/ },
  );
  t.deepEqual(error.keys, ['x', 'y']);
  t.true(error.retriable);
});
