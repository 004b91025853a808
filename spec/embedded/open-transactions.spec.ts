import test, { type ExecutionContext } from 'ava';
import { CONTROL, TRANSACTIONAL } from '../../source/kafka/records/batch-header.ts';
import { Collector, connectClient, openSource, startAt } from '../kafka/kafkajs/test-client.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { startEmbedded } from '../_helpers/servers/clusters.ts';
import { until } from '../_helpers/until.ts';

const at = [{ topic: 'in', partition: 0 }];
const written = (producerId: bigint, count: number) =>
  rawBatch({ attributes: TRANSACTIONAL, producerId, epoch: 0, sequence: 0, count, timestamp: 5_000 });
const marker = (producerId: bigint) =>
  rawBatch({ attributes: TRANSACTIONAL | CONTROL, producerId, epoch: 0 });

async function cluster(t: ExecutionContext) {
  const nodes = await startEmbedded(t, { brokers: 1, topics: { in: 1 } });
  return { nodes, client: await connectClient(t, nodes.brokers) };
}

test('the last stable offset is that of the first open transaction, and moves with its marker', async (t) => {
  const { nodes, client } = await cluster(t);
  const stable = async () => (await client.listOffsets('latest', at, 'read_committed'))[0]?.offset;
  nodes.appendRaw('in', 0, rawBatch({ count: 4 }));
  t.is(await stable(), 4);
  nodes.appendRaw('in', 0, written(11n, 3));
  nodes.appendRaw('in', 0, written(12n, 2));
  nodes.appendRaw('in', 0, written(11n, 1));
  t.is(await stable(), 4);
  t.is((await client.listOffsets('latest', at, 'read_uncommitted'))[0]?.offset, 10);
  nodes.appendRaw('in', 0, marker(11n));
  t.is(await stable(), 7);
  nodes.appendRaw('in', 0, marker(12n));
  t.is(await stable(), 12);
});

test('a reader of committed records gets what lies before an open transaction, and the rest when it ends', async (t) => {
  const { nodes, client } = await cluster(t);
  const counts: Record<string, number> = {};
  for (const isolation of ['read_committed', 'read_uncommitted'] as const) {
    const collector = new Collector();
    collector.onChunkHook = ({ messages }) => {
      counts[isolation] = (counts[isolation] ?? 0) + messages.length;
    };
    collector.read(openSource(t, client, { isolation }), startAt(at));
  }
  nodes.appendRaw('in', 0, rawBatch({ count: 4 }));
  nodes.appendRaw('in', 0, written(11n, 3));
  nodes.appendRaw('in', 0, rawBatch({ count: 2 }));
  await until(() => counts['read_uncommitted'] === 9, { deadlineMs: 10_000, what: 'all is read' });
  await until(() => counts['read_committed'] === 4, { deadlineMs: 10_000, what: 'what is committed' });
  nodes.appendRaw('in', 0, marker(11n));
  await until(() => counts['read_committed'] === 9, { deadlineMs: 10_000, what: 'the rest' });
  t.deepEqual(counts, { read_committed: 9, read_uncommitted: 9 });
});

test('open transactions are described with their producer, and only those', async (t) => {
  const { nodes, client } = await cluster(t);
  t.deepEqual(await client.admin().openTransactions(at), []);
  nodes.appendRaw('in', 0, rawBatch({ count: 4 }));
  nodes.appendRaw('in', 0, written(12n, 2));
  nodes.appendRaw('in', 0, written(11n, 1));
  const open = (producerId: number, firstOffset: number, lastWriteAt: number) => ({
    topic: 'in',
    partition: 0,
    producerId,
    firstOffset,
    lastWriteAt,
  });
  t.deepEqual(await client.admin().openTransactions(at), [open(12, 4, 5_001), open(11, 6, 5_000)]);
  nodes.appendRaw('in', 0, marker(12n));
  t.deepEqual(await client.admin().openTransactions(at), [open(11, 6, 5_000)]);
  nodes.faults.fail({ api: 'DescribeProducers', code: 35 });
  t.is(await client.admin().openTransactions(at), undefined, 'an older broker does not know the request');
  nodes.faults.fail({ api: 'DescribeProducers', code: 29 });
  await t.throwsAsync(client.admin().openTransactions(at), { message: /in\/0.*TOPIC_AUTHORIZATION_FAILED/ });
});
