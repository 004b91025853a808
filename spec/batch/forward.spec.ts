import test, { type ExecutionContext } from 'ava';
import { BufferedSender, type SenderOptions } from '../../source/batch/buffered-sender.ts';
import { KeylessSpread, partitioners } from '../../source/kafka/partitioner.ts';
import { consumerMessage, type ConsumerMessageInit } from '../../source/kafka/records/consumer-message.ts';
import { LifecycleError, SendError } from '../../source/kernel/errors.ts';
import type { ConsumerMessage, ForwardFields } from '../../source/message.ts';
import { FakeKafka } from '../../source/testing/fake-kafka/fake-kafka.ts';
import { makeMessage } from '../../source/testing/fake-kafka/fake-message.ts';

function bench(t: ExecutionContext, options: Partial<SenderOptions> = {}) {
  const kafka = new FakeKafka();
  kafka.createTopic('out', 4).createTopic('other', 2);
  const client = kafka.client();
  t.teardown(() => client.close());
  const sink = client.sink();
  const sender = new BufferedSender({
    sink,
    partitioner: (key, count) => key.length % count,
    keyless: new KeylessSpread({ random: () => 0 }),
    maxRecordBytes: 1000,
    maxSendBufferBytes: 5000,
    wallNow: () => 1234,
    ...options,
  });
  const sent = async (topic = 'out') => {
    await sender.flush();
    return kafka.records(topic).map(shown);
  };
  return { kafka, sink, sender, sent };
}

function shown({ partition, keyText, valueText, timestamp, headers }: ConsumerMessage) {
  const pairs = [...headers].map(([name, value]) => `${name}=${String(value)}`);
  return [partition, keyText, valueText, timestamp, pairs.join()] as const;
}

function orderMessage(fields: Partial<ConsumerMessageInit> = {}): ConsumerMessage {
  return consumerMessage({
    topic: 'orders',
    partition: 3,
    offset: 7,
    key: 'kk',
    value: 'v',
    headers: { a: ['1', '2'], b: null },
    timestamp: 99,
    ...fields,
  });
}

const message = orderMessage();
const refused: readonly (readonly [message: unknown, fields: unknown, error: RegExp])[] = [
  [
    undefined,
    { topic: 'out' },
    /^sender\.forward\(message, fields\): message must be a consumed message, not undefined$/,
  ],
  ['text', { topic: 'out' }, /message must be a consumed message, not 'text'$/],
  [{ topic: 'out', value: 'x' }, message, /message must be a consumed message, not an object of Object$/],
  [[message], { topic: 'out' }, /message must be a consumed message, not a list of 1$/],
  [
    message,
    undefined,
    /^sender\.forward\(message, fields\): fields must be an object \{ topic, … \}, not undefined$/,
  ],
  [message, 'out', /fields must be an object \{ topic, … \}, not 'out'$/],
  [message, {}, /^topic must be the name of a topic, not undefined$/],
  [message, { topic: '' }, /^topic must be the name of a topic, not ''$/],
  [message, { tpoic: 'out' }, /^unknown field 'tpoic'; did you mean 'topic'\?/],
  [message, { topic: 'out', vlaue: 'x' }, /^unknown field 'vlaue'; did you mean 'value'\? \(topic 'out'\)$/],
  [
    message,
    { topic: 'out', offset: 5 },
    /^unknown field 'offset'; known are topic, key, value, headers, partition, timestamp/,
  ],
  [
    message,
    { topic: 'out', key: 5n },
    /^key must be a Buffer, text or null, not 5n \(topic 'out'\): encode it first$/,
  ],
  [message, { topic: 'out', value: { a: 1 } }, /^value must be .* not an object of Object/],
  [message, { topic: 'out', headers: null }, /^headers must be an object or name-value pairs, not null/],
  [message, { topic: 'out', headers: { a: 5 } }, /^header 'a' must be .* not 5/],
  [message, { topic: 'out', partition: -1 }, /^partition must be 0, 1, 2, … or left out, not -1/],
  [message, { topic: 'out', partition: null }, /^partition must be .* not null/],
  [message, { topic: 'out', timestamp: -2 }, /^timestamp must be .* not -2/],
  [message, { topic: 'out', timestamp: null }, /^timestamp must be .* not null/],
  [
    makeMessage({ timestamp: 1.5 }),
    { topic: 'out' },
    /^The message has the timestamp 1\.5, which cannot be sent \(topic 'out'\): give one$/,
  ],
  [message, { topic: 'a b' }, /^'a b' is not a topic name/],
  [
    orderMessage({ value: 'x'.repeat(1000) }),
    { topic: 'out' },
    /^A record for topic 'out' is \d+ bytes, more than maxRecordBytes \(1000\)\. Send less, or raise maxRecordBytes/,
  ],
];
for (const [at, [source, fields, error]] of refused.entries()) {
  test(`bad forward ${at + 1} is refused when it is sent, and nothing is buffered: ${error.source}`, (t) => {
    const { sender } = bench(t);
    t.throws(
      () => {
        sender.forward(source as ConsumerMessage, fields as ForwardFields);
      },
      { instanceOf: SendError, message: error },
    );
    t.is(sender.count, 0);
  });
}

for (const [kind, source] of [
  ['a consumed message', message],
  ['its copy', message.copy()],
  [
    'a message of another make',
    makeMessage({
      key: 'kk',
      value: 'v',
      timestamp: 99,
      headers: [
        ['a', Buffer.from('1')],
        ['a', Buffer.from('2')],
        ['b', null],
      ],
    }),
  ],
] as const) {
  test(`what is left out or undefined is kept, the rest replaced: ${kind}`, async (t) => {
    const { sender, sent } = bench(t);
    const undefineds = {
      key: undefined,
      value: undefined,
      headers: undefined,
      partition: undefined,
      timestamp: undefined,
    } as unknown as ForwardFields;
    const cases: readonly (readonly [fields: Partial<ForwardFields>, as: ReturnType<typeof shown>])[] = [
      [{}, [2, 'kk', 'v', 99, 'a=1,a=2,b=null']],
      [undefineds, [2, 'kk', 'v', 99, 'a=1,a=2,b=null']],
      [{ key: 'key' }, [3, 'key', 'v', 99, 'a=1,a=2,b=null']],
      [{ value: null }, [2, 'kk', null, 99, 'a=1,a=2,b=null']],
      [{ headers: {} }, [2, 'kk', 'v', 99, '']],
      [{ headers: { c: Buffer.from('3') } }, [2, 'kk', 'v', 99, 'c=3']],
      [{ headers: source.headers }, [2, 'kk', 'v', 99, 'a=1,a=2,b=null']],
      [{ partition: 1 }, [1, 'kk', 'v', 99, 'a=1,a=2,b=null']],
      [{ timestamp: 5 }, [2, 'kk', 'v', 5, 'a=1,a=2,b=null']],
      [{ timestamp: -1 }, [2, 'kk', 'v', 1234, 'a=1,a=2,b=null']],
      [{ key: null }, [0, null, 'v', 99, 'a=1,a=2,b=null']],
      [{ key: Buffer.from('k'), value: 'w', headers: [['d', 'é']], timestamp: 0 }, [1, 'k', 'w', 0, 'd=é']],
    ];
    for (const [fields] of cases) sender.forward(source, { ...fields, topic: 'out' });
    const byPartition = (rows: readonly ReturnType<typeof shown>[]) => rows.toSorted((a, b) => a[0] - b[0]);
    t.deepEqual(byPartition(await sent()), byPartition(cases.map(([, as]) => as)));
  });
}

test('a message without a timestamp is forwarded with the time of the call', async (t) => {
  const { sender, sent } = bench(t);
  sender.forward(orderMessage({ timestamp: -1 }), { topic: 'out', headers: {} });
  t.deepEqual(await sent(), [[2, 'kk', 'v', 1234, '']]);
});

test('a message without a key is spread with all others that have none', async (t) => {
  const { sender, sent } = bench(t);
  for (const value of ['a', 'b']) {
    sender.forward(orderMessage({ key: null, value, headers: {} }), { topic: 'out' });
    sender.send({ topic: 'out', value, timestamp: 99 });
  }
  t.deepEqual(await sent(), [
    [0, null, 'a', 99, ''],
    [1, null, 'a', 99, ''],
    [2, null, 'b', 99, ''],
    [3, null, 'b', 99, ''],
  ]);
});

for (const partitioner of [partitioners.murmur2, partitioners.fnv1a]) {
  test(`a key has the partition that ${partitioner.name} gives it, wherever it lies`, async (t) => {
    const { sender, sink, kafka } = bench(t, { partitioner, maxSendBufferBytes: 1_000_000 });
    await sink.loadTopic('out');
    const keys = Array.from({ length: 200 }, (_none, at) => `${'é'.repeat(at % 9)}${at}`);
    for (const key of keys) sender.forward(orderMessage({ key }), { topic: 'out' });
    await sender.flush();
    const found = new Map(kafka.records('out').map(({ keyText, partition }) => [keyText, partition]));
    t.deepEqual(
      keys.map((key) => found.get(key)),
      keys.map((key) => partitioner(Buffer.from(key), 4)),
    );
  });
}

test('a partitioner of the user gets the bytes of the key, the count and the topic', async (t) => {
  const seen: unknown[] = [];
  const { sender, sink, sent } = bench(t, {
    partitioner: (key, count, topic) => {
      seen.push([Buffer.from(key).toString(), key.length, count, topic]);
      return count;
    },
  });
  await sink.loadTopic('out');
  t.throws(
    () => {
      sender.forward(message, { topic: 'out' });
    },
    { instanceOf: SendError, message: /^The partitioner gave 4 for topic 'out', which has 4 partitions/ },
  );
  sender.forward(message, { topic: 'out', partition: 3 });
  t.deepEqual(seen, [['kk', 2, 4, 'out']]);
  t.is((await sent()).length, 1);
});

test('a partition that the topic does not have is refused by forward where that is known, else by the flush', async (t) => {
  const { sender, sink } = bench(t);
  const error = {
    instanceOf: SendError,
    message: "partition 4 of topic 'out' does not exist: it has 4, numbered from 0",
  };
  sender.forward(message, { topic: 'out', partition: 4 });
  await t.throwsAsync(sender.flush(), error);
  sender.discard();
  await sink.loadTopic('out');
  t.throws(() => {
    sender.forward(message, { topic: 'out', partition: 4 });
  }, error);
});

for (const when of ['before', 'after'] as const) {
  test(`bytes are copied at the call, ${when} the topic is known`, async (t) => {
    const { sender, sink, sent } = bench(t);
    if (when === 'after') await sink.loadTopic('out');
    const source = orderMessage({ key: 'AA', value: 'AA', headers: { h: 'AA' } });
    const value = Buffer.from('AA');
    const made = makeMessage({ key: Buffer.from('AA'), value });
    sender.forward(source, { topic: 'out' });
    sender.forward(source, { topic: 'out', value });
    sender.forward(made, { topic: 'out' });
    source.key?.write('BB');
    source.value?.write('BB');
    source.headers.get('h')?.write('BB');
    value.write('BB');
    sender.forward(source, { topic: 'out' });
    t.deepEqual(await sent(), [
      [2, 'AA', 'AA', 99, 'h=AA'],
      [2, 'AA', 'AA', 99, 'h=AA'],
      [2, 'AA', 'AA', 0, ''],
      [2, 'BB', 'BB', 99, 'h=BB'],
    ]);
  });

  test(`what is sent and forwarded keeps its order, ${when} the topic is known`, async (t) => {
    const { sender, sink, kafka } = bench(t);
    if (when === 'after') await sink.loadTopic('out');
    for (let at = 0; at < 6; at += 2) {
      sender.send({ topic: 'out', key: 'kk', value: `${at}` });
      sender.forward(message, { topic: 'out', value: `${at + 1}` });
    }
    await sender.flush();
    t.deepEqual(kafka.values('out'), ['0', '1', '2', '3', '4', '5']);
  });

  test(`what is held is sent when it is kept and never when it is taken back, ${when} the topic is known`, async (t) => {
    const { sender, sink, kafka } = bench(t);
    if (when === 'after') await sink.loadTopic('out');
    const forward = (value: string) => {
      sender.forward(orderMessage({ value }), { topic: 'out' });
    };
    forward('1');
    sender.hold();
    forward('2');
    sender.keep();
    sender.hold();
    forward('no');
    sender.takeBack();
    sender.hold();
    forward('3');
    await sender.flush();
    t.deepEqual(kafka.values('out'), ['1', '2', '3'], 'a flush keeps what is held');
    t.is(sender.sent, 3);
  });

  test(`what waits is bounded, ${when} the topic is known: forward throws and names the remedy`, async (t) => {
    const { sender, sink } = bench(t);
    if (when === 'after') await sink.loadTopic('out');
    const large = orderMessage({ value: 'x'.repeat(900), headers: {} });
    const forward = () => {
      sender.forward(large, { topic: 'out' });
    };
    for (let sent = 0; sent < 3; sent++) forward();
    sender.hold();
    for (let sent = 0; sent < 2; sent++) forward();
    const tooMuch = {
      instanceOf: LifecycleError,
      message:
        /^5 records \(\d+ bytes\) wait to be sent, .* maxSendBufferBytes \(5000\): await sender\.flush\(\)/,
    };
    t.throws(forward, tooMuch);
    sender.takeBack();
    for (let sent = 0; sent < 2; sent++) forward();
    t.throws(forward, tooMuch);
    await sender.flush();
    t.notThrows(forward);
  });
}

test('records of any size are forwarded with a replaced field, one after another', async (t) => {
  const { sender, sink, kafka } = bench(t, { maxRecordBytes: 1_000_000, maxSendBufferBytes: 10_000_000 });
  await sink.loadTopic('out');
  const sizes = [1, 300, 2, 70_000, 600, 3, 200_000, 65_000, 4];
  for (const size of sizes)
    sender.forward(orderMessage({ value: 'x'.repeat(size) }), { topic: 'out', key: 'k'.repeat(size % 5) });
  await sender.flush();
  const found = kafka.records('out').map(({ value, key }) => [value?.length, key?.length]);
  t.deepEqual(
    found.toSorted(([a = 0], [b = 0]) => a - b),
    sizes.toSorted((a, b) => a - b).map((size) => [size, size % 5]),
  );
});

test('forward after the end of the attempt throws, and names it', (t) => {
  const { sender } = bench(t);
  sender.end('process had returned');
  t.throws(
    () => {
      sender.forward(message, { topic: 'out' });
    },
    { instanceOf: LifecycleError, message: /^sender\.forward\(\) was called after process had returned/ },
  );
});

test('a field that does not exist is found in the very forward that has it', (t) => {
  const { sender } = bench(t, { maxSendBufferBytes: 1_000_000 });
  for (let at = 0; at < 10; at++) sender.forward(message, { topic: 'out' });
  const odd: ForwardFields & { heders: object } = { topic: 'out', heders: {} };
  t.throws(
    () => {
      sender.forward(message, odd);
    },
    { instanceOf: SendError, message: /unknown field 'heders'/ },
  );
});
