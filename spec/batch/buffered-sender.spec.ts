import test, { type ExecutionContext } from 'ava';
import { LifecycleError, ProduceError, SendError } from '../../source/kernel/errors.ts';
import { KeylessSpread } from '../../source/kafka/partitioner.ts';
import { consumerMessage } from '../../source/kafka/records/consumer-message.ts';
import type { ProducerMessage } from '../../source/message.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { BufferedSender, type SenderOptions } from '../../source/batch/buffered-sender.ts';

function bench(t: ExecutionContext, options: Partial<SenderOptions> = {}) {
  const kafka = new FakeKafka();
  kafka.createTopic('out', 4).createTopic('other', 2);
  const client = kafka.client();
  t.teardown(() => client.close());
  const sink = client.sink();
  const shared: SenderOptions = {
    sink,
    partitioner: (key, count) => key.length % count,
    keyless: new KeylessSpread(),
    maxRecordBytes: 1000,
    maxSendBufferBytes: 5000,
    wallNow: () => 1234,
    ...options,
  };
  const newSender = () => new BufferedSender(shared);
  return { kafka, sink, sender: newSender(), newSender };
}

const refused: readonly (readonly [message: unknown, error: RegExp])[] = [
  [undefined, /^A record must be an object \{ topic, key, value \}, not undefined$/],
  [null, /^A record must be an object .* not null$/],
  ['text', /^A record must be an object .* not 'text'$/],
  [{ value: 'x' }, /^topic must be the name of a topic, not undefined$/],
  [{ topic: '', value: 'x' }, /^topic must be the name of a topic, not ''$/],
  [{ topic: 5, value: 'x' }, /^topic must be the name of a topic, not 5$/],
  [{ topic: 'out', vlaue: 'x' }, /^unknown field 'vlaue'; did you mean 'value'\? \(topic 'out'\)$/],
  [{ tpoic: 'out', value: 'x' }, /^unknown field 'tpoic'; did you mean 'topic'\? \(topic undefined\)$/],
  [{ topic: 'out', value: 'x', heders: {} }, /^unknown field 'heders'; did you mean 'headers'\?/],
  [
    { topic: 'out', value: 'x', messages: [] },
    /^unknown field 'messages'; known are topic, key, value, headers, partition, timestamp \(topic 'out'\)$/,
  ],
  [{ topic: 'out' }, /^value is missing \(topic 'out'\): give bytes or text, or null for a tombstone$/],
  [
    { topic: 'out', value: 5 },
    /^value must be a Buffer, text or null, not 5 \(topic 'out'\): encode it first$/,
  ],
  [{ topic: 'out', value: { a: 1 } }, /^value must be .* not an object of Object \(topic 'out'\)/],
  [{ topic: 'out', value: Object.create(null) as object }, /^value must be .* not an object/],
  [{ topic: 'out', value: new Uint16Array(2) }, /^value must be .* not an object/],
  [{ topic: 'out', value: ['x'] }, /^value must be .* not a list/],
  [{ topic: 'out', value: 'x', key: 5n }, /^key must be .* not 5n /],
  [
    { topic: 'out', value: 'x', partition: -1 },
    /^partition must be 0, 1, 2, … or left out, not -1 \(topic 'out'\)$/,
  ],
  [{ topic: 'out', value: 'x', partition: 1.5 }, /^partition must be .* not 1\.5/],
  [{ topic: 'out', value: 'x', partition: '1' }, /^partition must be .* not '1'/],
  [{ topic: 'out', value: 'x', partition: null }, /^partition must be .* not null/],
  [
    { topic: 'out', value: 'x', timestamp: -2 },
    /^timestamp must be whole milliseconds since 1970, or -1 for none, not -2/,
  ],
  [{ topic: 'out', value: 'x', timestamp: 1.5 }, /^timestamp must be .* not 1\.5/],
  [{ topic: 'out', value: 'x', timestamp: new Date() }, /^timestamp must be .* not an object/],
  [{ topic: 'out', value: 'x', headers: 'a=b' }, /^headers must be an object or name-value pairs, not 'a=b'/],
  [{ topic: 'out', value: 'x', headers: null }, /^headers must be .* not null/],
  [{ topic: 'out', value: 'x', headers: { a: 5 } }, /^header 'a' must be a Buffer, text or null, not 5/],
  [{ topic: 'out', value: 'x', headers: { a: undefined } }, /^header 'a' must be .* not undefined/],
  [{ topic: 'out', value: 'x', headers: { a: ['x', 5] } }, /^header 'a' must be .* not 5/],
  [{ topic: 'out', value: 'x', headers: ['ab'] }, /^headers: 'ab' is not a name-value pair/],
  [{ topic: 'out', value: 'x', headers: [[5, 'x']] }, /^headers: a name must be text, not 5/],
  [
    { topic: 'out', value: 'x'.repeat(981) },
    /^A record for topic 'out' is 1001 bytes, more than maxRecordBytes \(1000\)\. Send less, or raise maxRecordBytes together with the topic's max\.message\.bytes\.$/,
  ],
];
for (const [at, [message, error]] of refused.entries()) {
  test(`bad record ${at + 1} is refused when it is sent, and nothing is buffered: ${error.source}`, (t) => {
    const { sender } = bench(t);
    t.throws(
      () => {
        sender.send(message as ProducerMessage);
      },
      { instanceOf: SendError, message: error },
    );
    t.is(sender.count, 0);
  });
}

for (const topic of ['a b', 'übung', '..', 'x'.repeat(250)]) {
  test(`a topic that cannot exist is refused when it is sent: '${topic.slice(0, 10)}'`, (t) => {
    const { sender, kafka } = bench(t);
    t.throws(
      () => {
        sender.send({ topic, value: 'x' });
      },
      { instanceOf: SendError, message: /^'.+' is not a topic name \(1 to 249 letters, .*\)$/ },
    );
    t.is(sender.count, 0);
    t.deepEqual(kafka.calls, []);
  });
}

test('a field that does not exist is found in the very record that has it', (t) => {
  const { sender } = bench(t, { maxSendBufferBytes: 1_000_000 });
  for (let at = 0; at < 10; at++) sender.send({ topic: 'out', value: 'x' });
  const odd = { topic: 'out', value: 'x', heders: {} };
  const error = t.throws(
    () => {
      sender.send(odd);
    },
    { instanceOf: SendError },
  );
  t.regex(error.message, /unknown field 'heders'/);
});

test('a record of each shape that its types allow is taken', (t) => {
  const { sender } = bench(t, { maxSendBufferBytes: 1_000_000 });
  const full = { topic: 'out', key: 'k', value: 'x', headers: { a: 'b' }, partition: 0, timestamp: 5 };
  t.notThrows(() => {
    sender.send(full);
    sender.send({ ...full, offset: 9, keyText: 'k', valueText: 'x', bytes: 7 } as ProducerMessage);
  });
});

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

test('the order of records is kept when a topic is known late', async (t) => {
  const { kafka, sender, sink } = bench(t);
  await sink.loadTopic('other');
  sender.send({ topic: 'other', value: '1', partition: 0 });
  sender.send({ topic: 'out', value: 'a', partition: 2 });
  sender.send({ topic: 'other', value: '2', partition: 0 });
  const gate = kafka.hold('loadTopic');
  const flushed = sender.flush();
  await kafka.quiet();
  sender.send({ topic: 'out', value: 'b', partition: 2 });
  sender.send({ topic: 'other', value: '3', partition: 0 });
  gate.open();
  await flushed;
  await sender.flush();
  t.deepEqual(kafka.values('other'), ['1', '2', '3']);
  t.deepEqual(kafka.values('out'), ['a', 'b']);
});

test('topics that come up while others are asked for are asked for as well', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'out', value: 'a' });
  const gate = kafka.hold('loadTopic', ({ topic }) => topic === 'out');
  const flushed = sender.flush();
  await kafka.quiet();
  sender.send({ topic: 'other', value: '1' });
  gate.open();
  await flushed;
  t.deepEqual(kafka.values('out'), ['a']);
  t.deepEqual(kafka.values('other'), ['1']);
});

test('an unknown topic fails the flush, and the records are kept', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'missing', value: 'a' });
  await t.throwsAsync(sender.flush(), { instanceOf: ProduceError, message: /'missing' does not exist/ });
  t.is(sender.count, 1);
  kafka.createTopic('missing');
  await sender.flush();
  t.deepEqual(kafka.values('missing'), ['a']);
});

test('a partition that the topic does not have is refused by send where that is known, else by the flush', async (t) => {
  const { kafka, sender, newSender, sink } = bench(t);
  const message = { topic: 'out', value: 'x', partition: 4 };
  const error = {
    instanceOf: SendError,
    message: "partition 4 of topic 'out' does not exist: it has 4, numbered from 0",
  };
  sender.send(message);
  await t.throwsAsync(sender.flush(), error);
  await sink.loadTopic('out');
  t.throws(() => {
    newSender().send(message);
  }, error);
  t.deepEqual(kafka.values('out'), []);
});

for (const nonsense of [-1, 4, 1.5, Number.NaN, undefined, '1']) {
  test(`a partitioner that gives ${String(nonsense)} (${typeof nonsense}) is named`, async (t) => {
    const { sender, sink } = bench(t, { partitioner: () => nonsense as number });
    await sink.loadTopic('out');
    t.throws(
      () => {
        sender.send({ topic: 'out', key: 'k', value: 'x' });
      },
      {
        instanceOf: SendError,
        message: `The partitioner gave ${String(nonsense)} for topic 'out', which has 4 partitions, numbered from 0`,
      },
    );
    t.notThrows(() => {
      sender.send({ topic: 'out', key: 'k', value: 'x', partition: 2 });
    }, 'an explicit partition wins');
  });
}

test('a partitioner gets the key, the count and the topic', async (t) => {
  const seen: unknown[] = [];
  const { kafka, sender } = bench(t, {
    partitioner: (key, count, topic) => {
      seen.push([Buffer.from(key).toString(), count, topic]);
      return 3;
    },
  });
  sender.send({ topic: 'out', key: 'k', value: 'x' });
  await sender.flush();
  t.deepEqual(seen, [['k', 4, 'out']]);
  t.is(kafka.records('out')[0]?.partition, 3);
});

test('records without a key are spread over the partitions, by all senders together and each topic for itself', async (t) => {
  const { kafka, newSender } = bench(t);
  for (let batch = 0; batch < 8; batch++) {
    const sender = newSender();
    sender.send({ topic: 'out', value: 'x' });
    sender.send({ topic: 'other', key: null, value: 'x' });
    await sender.flush();
  }
  const counts = (topic: string, partitions: number) =>
    Array.from(
      { length: partitions },
      (_none, partition) => kafka.records(topic).filter((each) => each.partition === partition).length,
    );
  t.deepEqual(counts('out', 4), [2, 2, 2, 2]);
  t.deepEqual(counts('other', 2), [4, 4]);
});

test('after a flush that failed the acked part is gone and the rest is kept, so that nothing is sent twice', async (t) => {
  const { kafka, sender } = bench(t);
  for (const partition of [0, 1])
    for (const value of ['a', 'b']) sender.send({ topic: 'out', value: `${value}${partition}`, partition });
  kafka.fail('produce', new Error('not enough replicas'), { where: ({ partition }) => partition === 1 });
  const error = await t.throwsAsync(sender.flush(), { instanceOf: ProduceError });
  t.deepEqual(
    error.acked.map(({ partition, records }) => [partition, records]),
    [[0, 2]],
  );
  t.deepEqual(
    error.failed.map(({ partition, records }) => [partition, records]),
    [[1, 2]],
  );
  t.is(sender.count, 2);
  t.is(sender.sent, 2);
  sender.send({ topic: 'out', value: 'c1', partition: 1 });
  await sender.flush();
  t.deepEqual(kafka.values('out'), ['a0', 'b0', 'a1', 'b1', 'c1']);
  t.is(sender.sent, 5);
});

test('flushes that overlap go one after another and send everything once', async (t) => {
  const { kafka, sender } = bench(t);
  const gate = kafka.hold('produce');
  sender.send({ topic: 'out', value: '1', partition: 0 });
  const first = sender.flush();
  await kafka.quiet();
  sender.send({ topic: 'out', value: '2', partition: 0 });
  const second = sender.flush();
  await kafka.quiet();
  t.is(kafka.callsOf('produce').length, 1);
  gate.open();
  await Promise.all([first, second]);
  t.deepEqual(kafka.values('out'), ['1', '2']);
});

test('a flush after one that failed tries again', async (t) => {
  const { kafka, sender } = bench(t);
  kafka.fail('produce', new Error('no'));
  sender.send({ topic: 'out', value: '1' });
  const first = sender.flush();
  const second = sender.flush();
  await t.throwsAsync(first, { instanceOf: ProduceError });
  await second;
  t.deepEqual(kafka.values('out'), ['1']);
});

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

for (const known of [true, false]) {
  test(`bytes that wait are bounded, ${known ? 'placed' : 'not placed yet'} or held back; a flush makes room`, async (t) => {
    const { sender, sink } = bench(t);
    if (known) await sink.loadTopic('out');
    const record = { topic: 'out', value: 'x'.repeat(880) };
    const tooMuch = {
      instanceOf: LifecycleError,
      message:
        '5 records (4500 bytes) wait to be sent, and 900 bytes more would exceed maxSendBufferBytes (5000): await sender.flush() now and then, make batches smaller, or raise the limit.',
    };
    for (let sent = 0; sent < 3; sent++) sender.send(record);
    sender.hold();
    for (let sent = 0; sent < 2; sent++) sender.send(record);
    t.throws(() => {
      sender.send(record);
    }, tooMuch);
    sender.takeBack();
    sender.hold();
    for (let sent = 0; sent < 2; sent++) sender.send(record);
    sender.keep();
    t.throws(() => {
      sender.send(record);
    }, tooMuch);
    await sender.flush();
    for (let sent = 0; sent < 5; sent++) sender.send(record);
    t.throws(() => {
      sender.send(record);
    }, tooMuch);
  });

  test(`what is held is sent when it is kept, in its order, and never when it is taken back (topic ${known ? 'known' : 'not known'})`, async (t) => {
    const { kafka, sender, sink } = bench(t);
    if (known) await sink.loadTopic('out');
    const send = (value: string) => {
      sender.send({ topic: 'out', value, partition: 0 });
    };
    send('1');
    sender.hold();
    send('2');
    sender.keep();
    sender.hold();
    send('no');
    sender.takeBack();
    sender.hold();
    send('3');
    await sender.flush();
    t.deepEqual(kafka.values('out'), ['1', '2', '3'], 'a flush keeps what is held');
    send('no');
    sender.takeBack();
    send('4');
    await sender.flush();
    t.deepEqual(kafka.values('out'), ['1', '2', '3', '4']);
  });
}

test('a record that is held is checked as any other', async (t) => {
  const { sender, sink } = bench(t);
  await sink.loadTopic('out');
  sender.hold();
  for (const message of [
    { topic: 'out', value: 'x'.repeat(2000) },
    { topic: 'out', value: 'x', partition: 9 },
  ]) {
    t.throws(
      () => {
        sender.send(message);
      },
      { instanceOf: SendError },
    );
  }
  t.is(sender.count, 0);
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
