import test from 'ava';
import { LifecycleError } from '../../source/kernel/errors.ts';
import { consumerMessage } from '../../source/kafka/records/consumer-message.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { bench } from './sender-bench.ts';

test('a consumed message may be sent on, as it is and as a plain object with another topic', async (t) => {
  const { kafka, sender } = bench(t);
  const message = consumerMessage({
    topic: 'out',
    partition: 0,
    offset: 9,
    key: 'k',
    value: 'v',
    headers: { h: 'x' },
  });
  sender.send(message);
  sender.send({ ...message.toObject(), topic: 'out' });
  await sender.flush();
  const sent = kafka.records('out').map((each) => [each.partition, each.keyText, each.valueText]);
  t.deepEqual(sent, [
    [0, 'k', 'v'],
    [0, 'k', 'v'],
  ]);
});

test('nothing leaves before the flush; then all is sent and counted', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'out', key: 'k', value: 'one' });
  sender.send({ topic: 'out', key: 'kk', value: null });
  await kafka.quiet();
  t.is(sender.count, 2);
  t.is(sender.sent, 0);
  t.deepEqual(kafka.calls, []);
  await sender.flush();
  t.is(sender.count, 0);
  t.is(sender.sent, 2);
  t.deepEqual(
    kafka
      .records('out')
      .map(({ partition, keyText, valueText, timestamp }) => [partition, keyText, valueText, timestamp]),
    [
      [1, 'k', 'one', 1234],
      [2, 'kk', null, 1234],
    ],
  );
  await sender.flush();
  t.deepEqual(kafka.order('loadTopic', 'produce'), ['loadTopic', 'produce', 'produce']);
});

test('a record that was read without a timestamp is sent on with the time of now', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'out', value: 'x', timestamp: -1 });
  await sender.flush();
  t.is(kafka.records('out')[0]?.timestamp, 1234);
});

test('key, value, headers, timestamp and partition are sent as they were given', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({
    topic: 'out',
    key: Buffer.from([0, 255]),
    value: new Uint8Array([1, 2]),
    headers: { one: 'x', many: ['a', Buffer.from('b')], none: null },
    timestamp: 99,
    partition: 3,
  });
  await sender.flush();
  const [record] = kafka.records('out');
  t.is(record?.partition, 3);
  t.deepEqual(record?.key, Buffer.from([0, 255]));
  t.deepEqual(record?.value, Buffer.from([1, 2]));
  t.is(record?.timestamp, 99);
  t.deepEqual(
    [...(record?.headers ?? [])].map(([name, value]) => [name, value?.toString() ?? null]),
    [
      ['one', 'x'],
      ['many', 'a'],
      ['many', 'b'],
      ['none', null],
    ],
  );
});

for (const when of ['before', 'after'] as const) {
  test(`buffers, headers and the message itself may be changed once it is sent, ${when} the topic is known`, async (t) => {
    const { kafka, sender, sink } = bench(t);
    if (when === 'after') await Promise.all([sink.loadTopic('out'), sink.loadTopic('other')]);
    const bytes = Buffer.from('AA');
    const headers = { h: bytes };
    const message = { topic: 'out', key: bytes, value: bytes, headers, partition: 1 };
    sender.send(message);
    bytes.write('BB');
    headers.h = Buffer.from('CC');
    message.topic = 'other';
    message.partition = 0;
    sender.send(message);
    await sender.flush();
    const [first] = kafka.records('out');
    t.is(kafka.records('out').length, 1);
    t.is(first?.partition, 1);
    t.is(first?.keyText, 'AA');
    t.is(first?.valueText, 'AA');
    t.is(first?.headers.get('h')?.toString(), 'AA');
    const [second] = kafka.records('other');
    t.is(second?.valueText, 'BB');
    t.is(second?.headers.get('h')?.toString(), 'CC');
  });

  test(`headers that can be read only once are all sent, ${when} the topic is known`, async (t) => {
    const { kafka, sender, sink } = bench(t);
    if (when === 'after') await sink.loadTopic('out');
    sender.send({
      topic: 'out',
      value: 'x',
      headers: new Map([
        ['a', '1'],
        ['b', '2'],
      ]).entries(),
    });
    await sender.flush();
    t.deepEqual(
      [...(kafka.records('out')[0]?.headers ?? [])].map(([name, value]) => `${name}=${String(value)}`),
      ['a=1', 'b=2'],
    );
  });
}

test('a sender whose attempt has ended refuses everything but the flush of the pipeline', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'out', value: '1' });
  sender.end('process had returned');
  const dead = (method: string) => ({
    instanceOf: LifecycleError,
    message: `sender.${method}() was called after process had returned: a sender belongs to one attempt at one batch. Is an await missing in process?`,
  });
  t.throws(() => {
    sender.send({ topic: 'out', value: '2' });
  }, dead('send'));
  await t.throwsAsync(sender.flush(), dead('flush'));
  await sender.flushNow();
  t.deepEqual(kafka.values('out'), ['1']);
});

test('what is discarded is never sent, whether its topic was known or not', async (t) => {
  const { kafka, sender, sink } = bench(t);
  await sink.loadTopic('out');
  sender.send({ topic: 'out', value: '1' });
  sender.send({ topic: 'other', value: '1' });
  sender.hold();
  sender.send({ topic: 'other', value: '2' });
  sender.discard();
  t.is(sender.count, 0);
  await sender.flush();
  t.deepEqual(kafka.order('produce'), []);
});

for (const isKnown of [true, false]) {
  test(`a record is measured once and its headers are read once, ${isKnown ? 'where its topic is known' : 'also if it waits for its topic'}`, async (t) => {
    const kafka = new FakeKafka();
    kafka.createTopic('out', 4);
    const sink = kafka.client().sink();
    const accumulator = sink.accumulator();
    const measure = accumulator.measure.bind(accumulator);
    const append = accumulator.append.bind(accumulator);
    const measured: unknown[] = [];
    const appended: unknown[] = [];
    accumulator.measure = (record) => {
      const result = measure(record);
      measured.push(result);
      return result;
    };
    accumulator.append = (topic, partition, record) => {
      appended.push(record);
      return append(topic, partition, record);
    };
    sink.accumulator = () => accumulator;
    const { sender } = bench(t, { sink });
    if (isKnown) await sink.loadTopic('out');
    let readings = 0;
    const headers = {
      *[Symbol.iterator]() {
        readings++;
        yield ['trace', '1'] as const;
        yield ['from', null] as const;
      },
    };
    sender.send({ topic: 'out', value: 'v', headers });
    await sender.flush();
    t.is(readings, 1);
    t.is(measured.length, 1);
    t.deepEqual(appended, measured);
    t.is(appended[0], measured[0]);
    t.deepEqual(
      [...(kafka.records('out')[0]?.headers ?? [])].map(([name, value]) => [name, value?.toString()]),
      [
        ['trace', '1'],
        ['from', undefined],
      ],
    );
  });
}
