import { BrokerError, ProduceError } from '../../../../source/kernel/errors.ts';
import { randomName, testOnOwnKafka, testOnReal } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import { appendNumbers, connectClient, type LogLine, numbers, readAll } from '../test-client.ts';

testOnReal(
  'a record that the topic refuses for its size fails immediately, with what to change; the others are stored',
  async (t, kafka) => {
    const topic = randomName('large');
    await kafka.createTopic(topic, 2, { 'max.message.bytes': '20000' });
    const client = await connectClient(t, kafka.brokers);
    const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 60_000 });
    const accumulator = sink.accumulator();
    // Until the leaders of a new topic have settled, an attempt may be of unknown outcome.
    appendNumbers(accumulator, topic, 2, 20);
    await accumulator.flush();
    appendNumbers(accumulator, topic, 2, 20);
    const large = { key: null, value: Buffer.alloc(30_000), headers: [], timestamp: Date.now() };
    accumulator.append(topic, 1, accumulator.measure(large));
    const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
    t.true(error.cause instanceof BrokerError && error.cause.brokerCode === 10);
    t.regex(error.message, /MESSAGE_TOO_LARGE.*max\.message\.bytes/);
    t.deepEqual(error.unknown, []);
    t.is(accumulator.count, 1);
    const stored = await readAll(t, client, topic, 2, 40);
    t.deepEqual(
      stored.sorted(),
      numbers(20).flatMap((number) => [number, number]),
    );
  },
);

testOnReal(
  'a record without a key for a compacted topic fails immediately, with what is wrong',
  async (t, kafka) => {
    const topic = randomName('compacted');
    await kafka.createTopic(topic, 1, { 'cleanup.policy': 'compact' });
    const client = await connectClient(t, kafka.brokers);
    const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 60_000 });
    const accumulator = sink.accumulator();
    appendNumbers(accumulator, topic, 1, 1);
    const error = await t.throwsAsync(accumulator.flush(), { instanceOf: ProduceError });
    t.true(error.cause instanceof BrokerError && error.cause.brokerCode === 87);
    t.regex(error.message, /INVALID_RECORD.*without a key/);
    t.is(error.failed.length, 1);
  },
);

testOnOwnKafka(
  'a follower that does not follow: the leader cannot say (7 or 20), then refuses (19), and each record is stored exactly once when it is back',
  { nodes: 3 },
  async (t, kafka) => {
    const topic = randomName('in-sync');
    await kafka.createTopic(topic, 6, { 'min.insync.replicas': '3' });
    const lines: LogLine[] = [];
    const client = await connectClient(t, kafka.brokers, { lines, retryTimeoutMs: 120_000 });
    const repeated: number[] = [];
    const sink = client.sink({
      idempotent: true,
      compression: 'none',
      retryTimeoutMs: 120_000,
      onRepeated: (records) => repeated.push(records),
    });
    const accumulator = sink.accumulator();
    appendNumbers(accumulator, topic, 6, 60);
    await accumulator.flush();
    const [, , third] = kafka.nodes;
    if (third === undefined) throw new Error('three nodes were asked for');
    await third.kill('SIGSTOP');
    appendNumbers(accumulator, topic, 6, 600, 60);
    const flushed = accumulator.flush();
    const codes = () =>
      new Set(
        lines.flatMap(({ message, fields }) =>
          message === 'Batches are sent again'
            ? [...String(fields['error']).matchAll(/answered with error (\d+)/g)].map(([, code]) => code)
            : [],
        ),
      );
    await until(() => codes().has('19') && (codes().has('7') || codes().has('20')), {
      deadlineMs: 60_000,
      what: 'the answers of leaders without their follower',
    });
    await third.kill('SIGCONT');
    await flushed;
    t.log(`answered with ${[...codes()].join(', ')}`);
    const collector = await readAll(t, client, topic, 6, 660);
    t.deepEqual(collector.sorted(), numbers(660));
    for (let partition = 0; partition < 6; partition++)
      t.deepEqual(
        collector.values(topic, partition),
        numbers(660).filter((i) => i % 6 === partition),
      );
    t.deepEqual(repeated, []);
  },
);
