import test from 'ava';
import { CallWatch } from '../../../../source/kafka/kafkajs/connection/call-watch.ts';
import type { ClusterConnection } from '../../../../source/kafka/kafkajs/connection/cluster-connection.ts';
import { FlushTicket } from '../../../../source/kafka/kafkajs/produce/flush-ticket.ts';
import { PartitionQueue } from '../../../../source/kafka/kafkajs/produce/partition-queue.ts';
import { ProduceLoop } from '../../../../source/kafka/kafkajs/produce/produce-loop.ts';
import type { RawRequest } from '../../../../source/kafka/kafkajs/connection/raw-call.ts';
import type { ProducedPartition } from '../../../../source/kafka/kafkajs/protocol/produce.ts';
import { RecordBatchBuilder } from '../../../../source/kafka/records/record-batch-builder.ts';
import { systemClock } from '../../../../source/kernel/clock.ts';
import { until } from '../../../_helpers/until.ts';
import { measured, record } from '../../records/batches.ts';
import { partitionsOf } from '../test-client.ts';

const COUNT = 5_000;

/** A queue whose head holds one record. */
function queueOf(partition: number, ticket: FlushTicket, valueBytes = 1): PartitionQueue {
  const builder = new RecordBatchBuilder({ compression: 'none' });
  builder.append(measured(record({ value: Buffer.alloc(valueBytes) })));
  const queue = new PartitionQueue({ topic: 'out', partition });
  queue.batches.push({
    topic: 'out',
    partition,
    sealed: builder.seal(),
    ticket,
    maybeStored: false,
    repeated: false,
    stampedFor: undefined,
    sent: 0,
  });
  return queue;
}

/** A cluster of which one link takes all calls. */
function clusterCalling(call: (request: RawRequest<unknown>) => Promise<unknown>): ClusterConnection {
  return {
    clock: systemClock,
    watch: new CallWatch(systemClock),
    deadlines: { produceMs: 1_000, produceTimeoutMs: 500 },
    readyLink: () => ({ call }),
  } as unknown as ClusterConnection;
}

/** A cluster of which one link answers all that it is asked. */
function clusterAnswering(answer: readonly ProducedPartition[]): ClusterConnection {
  return clusterCalling(() => Promise.resolve(answer));
}

for (const order of ['the order of the request', 'the opposite order'] as const) {
  test(`an answer for 5,000 partitions in ${order} takes work in proportion to their number`, async (t) => {
    let looks = 0;
    const answer = partitionsOf('out', COUNT).map(({ topic, partition }) => ({
      topic,
      get partition() {
        looks++;
        return partition;
      },
      get errorCode() {
        looks++;
        return partition === 17 ? 29 : 0;
      },
      baseOffset: 0,
    }));
    if (order === 'the opposite order') answer.reverse();
    const acked: number[] = [];
    const failed: number[] = [];
    const loop = new ProduceLoop({
      cluster: clusterAnswering(answer),
      nodeId: 1,
      maxInFlight: 1,
      retryTimeoutMs: 10_000,
      outcomes: {
        acked: ({ partition }) => acked.push(partition),
        failed: ({ partition }) => failed.push(partition),
        cut: () => undefined,
      },
    });
    const ticket = new FlushTicket(COUNT);
    for (const { partition } of partitionsOf('out', COUNT)) loop.offer(queueOf(partition, ticket));
    await until(() => acked.length + failed.length === COUNT, { deadlineMs: 20_000, what: 'all outcomes' });
    t.is(acked.length, COUNT - 1);
    t.deepEqual(failed, [17]);
    t.true(looks <= 5 * COUNT, `${looks} looks`);
  });
}

test('what waits for an answer goes out together, once the link was found to be fast', async (t) => {
  const requests: number[] = [];
  const answers: (() => void)[] = [];
  const answer = partitionsOf('out', 9).map((at) => ({ ...at, errorCode: 0, baseOffset: 0 }));
  const cluster = clusterCalling(({ body }) => {
    requests.push(body.filter(({ length }) => length > 800_000).length);
    return new Promise((resolve) => {
      answers.push(() => {
        resolve(answer);
      });
    });
  });
  const acked: number[] = [];
  const loop = new ProduceLoop({
    cluster,
    nodeId: 1,
    maxInFlight: 1,
    retryTimeoutMs: 10_000,
    outcomes: {
      acked: ({ partition }) => acked.push(partition),
      failed: () => undefined,
      cut: () => undefined,
    },
  });
  const ticket = new FlushTicket(9);
  for (const { partition } of partitionsOf('out', 9)) loop.offer(queueOf(partition, ticket, 900_000));
  for (let answered = 0; acked.length < 9; answered++) {
    await until(() => answers.length > answered, { deadlineMs: 5_000, what: 'a request' });
    answers[answered]?.();
    const before = acked.length;
    await until(() => acked.length > before, { deadlineMs: 5_000, what: 'its outcome' });
  }
  t.deepEqual(requests, [1, 2, 4, 2]);
  t.deepEqual(acked, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
