import test from 'ava';
import type { ClusterConnection } from '../../../../source/kafka/kafkajs/connection/cluster-connection.ts';
import { FetchLoop } from '../../../../source/kafka/kafkajs/fetch/fetch-loop.ts';
import { FetchPosition } from '../../../../source/kafka/kafkajs/fetch/fetch-position.ts';
import type { FetchAnswer } from '../../../../source/kafka/kafkajs/protocol/fetch.ts';
import type { PartitionReader } from '../../../../source/kafka/source.ts';
import { deferred } from '../../../_helpers/deferred.ts';

test('an answer keeps nothing of what it brought once that was delivered, whoever keeps the answer', async (t) => {
  const recordSet = Buffer.from('records');
  const answer: FetchAnswer = {
    bytes: 100,
    errorCode: 0,
    sessionId: 0,
    isIncremental: false,
    partitions: [
      {
        topic: 'orders',
        partition: 0,
        errorCode: 0,
        highWatermark: 1,
        lastStableOffset: 1,
        logStartOffset: 0,
        aborted: undefined,
        recordSet,
      },
    ],
  };
  const delivered: Buffer[] = [];
  const asksAgain = deferred();
  let calls = 0;
  const cluster = {
    clock: { now: () => 0 },
    watch: { now: () => 0 },
    deadlines: { fetchMs: 5_000 },
    call() {
      if (calls++ === 0) return Promise.resolve(answer);
      asksAgain.resolve();
      return new Promise(() => undefined);
    },
  } as unknown as ClusterConnection;
  const loop = new FetchLoop({
    cluster,
    nodeId: 1,
    budget: {
      available: 1_000,
      reserve: (bytes) => bytes,
      release: () => undefined,
      onceFree: () => undefined,
    },
    fetchMaxWaitMs: 250,
    retryTimeoutMs: 120_000,
    readCommitted: true,
    answers: {
      answered({ partitions }) {
        delivered.push(...partitions.map((partition) => partition.recordSet));
      },
      unanswered: () => {
        t.fail('it was answered');
      },
    },
  });
  const read = { topic: 'orders', partition: 0, offset: 0, leaderEpoch: -1 };
  loop.add(new FetchPosition(read, {} as PartitionReader));
  await asksAgain.promise;
  t.deepEqual(delivered, [recordSet]);
  t.deepEqual(answer.partitions, []);
  await loop.stop();
});
