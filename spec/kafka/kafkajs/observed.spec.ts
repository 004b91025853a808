import test, { type ExecutionContext } from 'ava';
import type { Trouble } from '../../../source/kafka/trouble.ts';
import type { KafkaObserver } from '../../../source/kafka/client.ts';
import type { Deadlines } from '../../../source/kafka/kafkajs/connection/deadlines.ts';
import { startEmbedded, testOnEach } from '../../_helpers/servers/clusters.ts';
import { randomName } from '../../_helpers/servers/services.ts';
import { until } from '../../_helpers/until.ts';
import {
  appendNumbers,
  Collector,
  connectClient,
  newClient,
  openSource,
  partitionsOf,
  sendNumbers,
  startAt,
} from './test-client.ts';

/** Keeps what is reported to it. */
class KeptObservations implements KafkaObserver {
  readonly answers: [api: string, ms: number][] = [];
  readonly errors: string[] = [];
  readonly acked = new Map<string, { records: number; bytes: number }>();
  readonly troubles: string[] = [];
  unanswered = 0;
  reconnects = 0;

  onAnswer(api: string, ms: number): void {
    this.answers.push([api, ms]);
  }

  onAcked(topic: string, partition: number, records: number, bytes: number): void {
    const before = this.acked.get(`${topic}/${partition}`) ?? { records: 0, bytes: 0 };
    this.acked.set(`${topic}/${partition}`, {
      records: before.records + records,
      bytes: before.bytes + bytes,
    });
  }

  onError(...[api, error, partitions]: Parameters<KafkaObserver['onError']>): void {
    const name = 'brokerError' in error ? String(error.brokerError) : error.code;
    for (const { topic, partition } of partitions) this.errors.push(`${api} ${topic}/${partition} ${name}`);
  }

  onUnanswered(): void {
    this.unanswered++;
  }

  onTrouble({ kind, what }: Trouble): void {
    this.troubles.push(`${kind} ${what}`);
  }

  onTroubleOver({ kind }: Trouble): void {
    this.troubles.push(`${kind} over`);
  }

  onReconnect(): void {
    this.reconnects++;
  }

  times(api: string): readonly number[] {
    return this.answers.filter(([name]) => name === api).map(([, ms]) => ms);
  }
}

async function observedClient(
  t: ExecutionContext,
  brokers: readonly string[],
  deadlines: Partial<Deadlines> = {},
) {
  const seen = new KeptObservations();
  const client = newClient(t, brokers, { deadlines });
  client.observe?.(seen);
  await client.connect();
  return { client, seen };
}

testOnEach('answers are timed by request, acks counted by partition', async (t, { brokers, createTopic }) => {
  const out = randomName('out');
  await createTopic(out, 2);
  // Until the leaders of a new topic have settled, a request may be refused.
  await sendNumbers(await connectClient(t, brokers), out, 2, 2);
  const { client, seen } = await observedClient(t, brokers);
  const sink = client.sink({ idempotent: true, compression: 'gzip', retryTimeoutMs: 10_000 });
  await sink.loadTopic(out);
  const accumulator = sink.accumulator();
  const record = {
    key: null,
    value: Buffer.from('x'.repeat(500)),
    headers: [],
    timestamp: Date.now(),
  };
  let bytes = 0;
  for (let i = 0; i < 50; i++) bytes += accumulator.append(out, 1, accumulator.measure(record));
  await accumulator.flush();
  accumulator.append(out, 0, accumulator.measure(record));
  await accumulator.flush();
  t.deepEqual([...seen.acked.keys()].sort(), [`${out}/0`, `${out}/1`]);
  t.is(seen.acked.get(`${out}/1`)?.records, 50);
  // As encoded, with what the batches around them take, before compression.
  const ackedBytes = seen.acked.get(`${out}/1`)?.bytes ?? 0;
  t.true(ackedBytes >= bytes - 100 && ackedBytes < bytes + 200, `${ackedBytes} of ${bytes}`);
  t.is(seen.times('Produce').length, 2);
  for (const api of ['Metadata', 'InitProducerId', 'Produce'])
    t.true(seen.times(api).length > 0 && seen.times(api).every((ms) => ms >= 0 && ms < 10_000), api);
  t.deepEqual(seen.errors, []);
  t.is(seen.reconnects, 0);
  await sink.close();
});

test('refusals are reported by the name that Kafka gives them, per partition, though they are retried', async (t) => {
  const cluster = await startEmbedded(t, { topics: { orders: 2 } });
  const { client, seen } = await observedClient(t, cluster.brokers);
  await sendNumbers(client, 'orders', 2, 10);
  cluster.faults.fail({ api: 'Produce', code: 7 });
  await sendNumbers(client, 'orders', 1, 5, { from: 10 });
  t.deepEqual(seen.errors.splice(0), ['Produce orders/0 REQUEST_TIMED_OUT']);
  const collector = new Collector();
  const source = openSource(t, client);
  collector.read(source, startAt(partitionsOf('orders', 2)));
  await collector.untilCount(15);
  cluster.moveLeader('orders', 1, (cluster.leaderOf('orders', 1) % 3) + 1);
  await sendNumbers(client, 'orders', 2, 10, { from: 15 });
  await collector.untilCount(25);
  // A fetch that waits at the former leader is fenced, one that comes later is refused.
  const moved = /^Fetch orders\/1 (NOT_LEADER_OR_FOLLOWER|FENCED_LEADER_EPOCH)$/;
  t.true(
    seen.errors.some((error) => moved.test(error)),
    seen.errors.join(),
  );
  t.false(
    seen.errors.some((error) => error.startsWith('Fetch orders/0')),
    seen.errors.join(),
  );
});

test('silence and lost connections are reported, and that a connection is opened again', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { orders: 1 } });
  // One that only a frozen broker misses, also on a busy machine.
  const { client, seen } = await observedClient(t, cluster.brokers, { produceMs: 3_000 });
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  await sink.loadTopic('orders');
  const accumulator = sink.accumulator();
  appendNumbers(accumulator, 'orders', 1, 5);
  cluster.faults.drop({ api: 'Produce', when: 'before' });
  await accumulator.flush();
  t.deepEqual(seen.errors.splice(0), ['Produce orders/0 CONNECTION']);
  t.deepEqual(seen.troubles.splice(0), ['send Sending to orders/0', 'send over']);
  t.is(seen.unanswered, 1);
  t.is(seen.reconnects, 1);
  appendNumbers(accumulator, 'orders', 1, 5);
  cluster.faults.freeze(1);
  const flushed = accumulator.flush();
  await until(() => seen.errors.length > 0, { deadlineMs: 10_000, what: 'the deadline is missed' });
  cluster.faults.thaw(1);
  await flushed;
  t.is(seen.errors[0], 'Produce orders/0 TIMEOUT');
  t.deepEqual(seen.troubles, ['send Sending to orders/0', 'send over']);
  t.true(seen.unanswered >= 2);
  t.true(seen.reconnects >= 2);
  t.is(seen.acked.get('orders/0')?.records, 10);
  await sink.close();
});
