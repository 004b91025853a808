import test from 'ava';
import { present } from '../_helpers/raw/present.ts';
import { rawBatch, rawRecord } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { listOffsets } from '../_helpers/raw/raw-log.ts';
import { startEmbedded } from '../_helpers/servers/embedded.ts';

const TIME = 1_700_000_000_000;

test('a batch that is damaged fails its own query by time, and no other', async (t) => {
  const cluster = await startEmbedded(t, { topics: { fares: 4 } });
  cluster.appendRaw('fares', 0, rawBatch({ count: 3, body: rawRecord() }));
  cluster.appendRaw(
    'fares',
    1,
    rawBatch({ attributes: 1, body: Buffer.from('no gzip'), maxTimestamp: TIME + 1 }),
  );
  cluster.appendRaw('fares', 2, rawBatch({ attributes: 7, maxTimestamp: TIME + 1 }));
  cluster.appendRaw('fares', 3, rawBatch({ count: 2 }));
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const partitions = [0, 1, 2, 3].map((partition) => [partition, TIME + 1] as const);
  const answers = await listOffsets(client, 'fares', partitions);
  t.deepEqual(
    answers.map(({ code, offset }) => [code, offset]),
    [
      [87, -1],
      [-1, -1],
      [-1, -1],
      [0, 1],
    ],
  );
});

test('a header that promises a later time than its records have does not end the search', async (t) => {
  const cluster = await startEmbedded(t, { topics: { fares: 1 } });
  cluster.appendRaw('fares', 0, rawBatch({ count: 2, maxTimestamp: TIME + 99 }));
  cluster.appendRaw('fares', 0, rawBatch({ timestamp: TIME + 50 }));
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const [answer] = await listOffsets(client, 'fares', [[0, TIME + 2]]);
  t.like(answer, { code: 0, offset: 2, timestamp: TIME + 50 });
});
