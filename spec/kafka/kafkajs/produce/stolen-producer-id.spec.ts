import type { ExecutionContext } from 'ava';
import { producerEpochOf, producerIdOf } from '../../../../source/kafka/records/batch-header.ts';
import { testOnEach } from '../../../_helpers/servers/clusters.ts';
import { RawClient } from '../../../_helpers/raw/raw-client.ts';
import { rawBatch, type BatchParts } from '../../../_helpers/raw/raw-batch.ts';
import { leaderAddress } from '../../../_helpers/raw/raw-cluster.ts';
import { present } from '../../../_helpers/raw/present.ts';
import { fetch } from '../../../_helpers/raw/raw-fetch.ts';
import { produce } from '../../../_helpers/raw/raw-produce.ts';
import { randomName, type TestCluster } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import { appendNumbers, connectClient, type LogLine, numbers, readAll } from '../test-client.ts';

/**
 * The sink has sent 5 records as sequences 0 to 4; another client then writes this under its
 * producer id.
 */
interface Theft {
  readonly title: string;
  readonly code: number;
  readonly written: (epoch: number) => Pick<BatchParts, 'epoch' | 'sequence' | 'count'>;
}

const thefts: readonly Theft[] = [
  {
    title: 'sequence numbers that another client has used up (45, OUT_OF_ORDER_SEQUENCE_NUMBER)',
    code: 45,
    written: (epoch) => ({ epoch, sequence: 5, count: 3 }),
  },
  {
    title: 'an epoch that another client has raised (47, INVALID_PRODUCER_EPOCH)',
    code: 47,
    written: (epoch) => ({ epoch: epoch + 1, sequence: 0, count: 3 }),
  },
];

/** The batch with which a partition begins, and a connection to its leader. */
async function firstBatch(
  t: ExecutionContext,
  { brokers }: TestCluster,
  topic: string,
): Promise<{ leader: RawClient; batch: Buffer }> {
  const seed = await RawClient.open(t, present(brokers[0]));
  const address = await until(() => leaderAddress(seed, topic), {
    deadlineMs: 10_000,
    what: `a leader of ${topic}`,
  });
  const leader = await RawClient.open(t, address);
  const [fetched] = await fetch(leader, topic, [{ partition: 0, offset: 0 }]);
  return { leader, batch: present(fetched).records };
}

for (const { title, code, written } of thefts) {
  testOnEach(
    `${title}: the sink continues under another producer id, and each of its records is stored once`,
    async (t, cluster) => {
      const topic = randomName('stolen');
      await cluster.createTopic(topic, 1);
      const lines: LogLine[] = [];
      const client = await connectClient(t, cluster.brokers, { lines });
      const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 30_000 });
      const accumulator = sink.accumulator();
      appendNumbers(accumulator, topic, 1, 5);
      await accumulator.flush();
      const { leader, batch } = await firstBatch(t, cluster, topic);
      const producerId = producerIdOf(batch, 0);
      const foreign = rawBatch({ producerId, ...written(producerEpochOf(batch, 0)), timestamp: Date.now() });
      const [answer] = await produce(leader, [{ topic, records: foreign }]);
      t.is(answer?.code, 0);

      appendNumbers(accumulator, topic, 1, 5, 5);
      await accumulator.flush();
      const told = lines.filter(
        ({ level, fields }) => level === 'warn' && String(fields['error']).includes(`error ${code}`),
      );
      t.true(told.length > 0, JSON.stringify(lines.map(({ message }) => message)));
      const collector = await readAll(t, client, topic, 1, 13);
      // The other client's records are no numbers.
      const own = collector.values(topic, 0).filter((value) => !Number.isNaN(value));
      t.deepEqual(own, numbers(10));
      const [rest] = await fetch(leader, topic, [{ partition: 0, offset: 8 }]);
      t.not(producerIdOf(present(rest).records, 0), producerId);
    },
  );
}
