import type { ExecutionContext } from 'ava';
import {
  deadLetter,
  deadLetterOf,
  eachMessage,
  groupIdOf,
  readRange,
  retry,
  silentLogger,
  TopicProcessor,
  type ConsumerMessage,
  type KafkaClient,
} from '../../source/index.ts';
import { ConsumedRecord } from '../../source/kafka/records/consumed-record.ts';
import { kasper } from '../cli/memory-io.ts';
import { clientOf } from '../_helpers/jobs/system-job.ts';
import { testOnEach } from '../_helpers/servers/clusters.ts';
import { randomName, type TestCluster } from '../_helpers/servers/services.ts';

const stack = 'somewhere\n'.repeat(400);
/** Timestamps are old, and a broker would delete the records within minutes. */
const FOREVER = { 'retention.ms': '-1' };
const PARTITIONS = 2;

interface Content {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** No text in any encoding. */
const binary = Buffer.from([0xff, 0x00, 0xfe, 0x80, 0xc3, 0x28, 0x0a]);
const empty = Buffer.alloc(0);
const plain: Content = {
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  timestamp: 1_700_000_000_000,
  headers: [],
};

/** Each fails, and is to be set aside as it is. */
const poison: Record<string, Content> = {
  'a plain one': plain,
  'a null key': { ...plain, key: null },
  'a tombstone': { ...plain, value: null },
  'nothing at all': { ...plain, key: null, value: null, timestamp: 0 },
  'an empty key and value': { ...plain, key: empty, value: empty },
  'binary key and value': { ...plain, key: binary, value: binary },
  'headers with names that repeat, in their order': {
    ...plain,
    headers: [
      ['b', Buffer.from('1')],
      ['a', binary],
      ['b', null],
      ['b', empty],
      ['a', binary],
      ['', Buffer.from('no name')],
      ['größe', Buffer.from('ß')],
    ],
  },
  'headers of an earlier dead letter between its own': {
    ...plain,
    headers: [
      ['x', Buffer.from('first')],
      ['__dlq.errors.topic', Buffer.from('elsewhere')],
      ['__dlq.errors.delivery.count', Buffer.from('4')],
      ['x', Buffer.from('second')],
    ],
  },
  'a large one': { ...plain, value: Buffer.alloc(985_000, binary) },
  'one so large that its stack does not fit': { ...plain, value: Buffer.alloc(998_500, binary) },
};
/** Each has a timestamp of its own, by which it is found again: only per key do they keep their order. */
const contents = Object.values(poison).map((content, at) => ({
  ...content,
  timestamp: content.timestamp + at,
}));
const byTimestamp = (a: Content, b: Content) => a.timestamp - b.timestamp;

async function write(client: KafkaClient, topic: string, records: readonly Content[]): Promise<void> {
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 60_000 });
  try {
    await sink.loadTopic(topic);
    const waiting = sink.accumulator();
    for (const [at, { headers, ...record }] of records.entries())
      waiting.append(topic, at % PARTITIONS, waiting.measure({ ...record, headers: headers.flat() }));
    await waiting.flush();
  } finally {
    await sink.close();
  }
}

/** All that is in a topic from these offsets on, by partition. */
async function read(client: KafkaClient, topic: string, partitions: number, from: readonly number[] = []) {
  const asked = Array.from({ length: partitions }, (_none, partition) => ({ topic, partition }));
  const ends = await client.listOffsets('latest', asked, 'read_committed');
  const found: ConsumerMessage[][] = asked.map(() => []);
  await readRange(
    client,
    asked.map((each, at) => ({ ...each, from: from[at] ?? 0, to: ends[at]?.offset ?? 0 })),
    (message) => found[message.partition]?.push(message),
  );
  return found;
}

const isOfDlq = ([name]: readonly [string, unknown]) => name.startsWith('__dlq.errors.');

/** A name that is no UTF-8, which nobody who reads it as text can give back. */
const rawName = Buffer.from([0x6e, 0xff, 0x00, 0xc3, 0x28]);

testOnEach(
  'the name of a header that is no UTF-8 is the same bytes in the dead letter, and in its replay',
  async (t, cluster) => {
    const { topic, dlq, client, run, dlqCommand } = await jobOf(t, cluster);
    const value = Buffer.from('of a raw name');
    // In the first partition, with one in the second that has a name that is text.
    await write(client, topic, [
      { ...plain, headers: [[rawName as unknown as string, value]] },
      { ...plain, headers: [['größe \ufffd', value]] },
    ]);
    const header = Buffer.concat([
      Buffer.of(2 * rawName.length),
      rawName,
      Buffer.of(2 * value.length),
      value,
    ]);
    const assertKept = (messages: readonly ConsumerMessage[]) => {
      t.deepEqual(
        messages
          .map(encoded)
          .map((bytes) => bytes.includes(header))
          .sort(),
        [false, true],
      );
      t.is(messages.filter(({ headers }) => headers.get('größe \ufffd')?.equals(value) === true).length, 1);
    };
    assertKept((await read(client, topic, PARTITIONS)).flat());
    await run();
    assertKept((await read(client, dlq, 1)).flat());
    await dlqCommand('replay', dlq, '--execute');
    assertKept((await read(client, topic, PARTITIONS, [1, 1])).flat());
  },
);

/** As it lies in its batch, from the key on. */
function encoded(message: ConsumerMessage): Buffer {
  const fields = { buffer: empty, start: 0, end: 0 };
  ConsumedRecord.locate(message as ConsumedRecord, fields);
  return fields.buffer.subarray(fields.start, fields.end);
}

/** What a message has of its own; large values by their hash would hide where they differ. */
function contentOf({ key, value, timestamp, headers }: ConsumerMessage): Content {
  return { key, value, timestamp, headers: [...headers].filter((header) => !isOfDlq(header)) };
}

/** What of it is to be found in the dead letter, and after the replay. */
function kept(content: Content): Content {
  return { ...content, headers: content.headers.filter((header) => !isOfDlq(header)) };
}

function assertSame(t: ExecutionContext, found: readonly Content[], expected: readonly Content[]): void {
  t.is(found.length, expected.length);
  for (const [at, one] of expected.entries()) {
    const other = found[at];
    // Not by deepEqual: of a megabyte it would print each byte.
    t.true(isSame(other?.value, one.value), `value ${at}`);
    t.deepEqual({ ...other, value: null }, { ...one, value: null });
  }
}

function isSame(found: Buffer | null | undefined, expected: Buffer | null): boolean {
  if (found === undefined) return false;
  return found === null || expected === null ? found === expected : found.equals(expected);
}

interface Job {
  readonly topic: string;
  readonly dlq: string;
  readonly name: string;
  readonly client: KafkaClient;
  run(): Promise<void>;
  dlqCommand(...argv: readonly string[]): Promise<string>;
}

/** A job that fails at every message whose value is not `good`. */
async function jobOf(t: ExecutionContext, cluster: TestCluster): Promise<Job> {
  const [topic, name] = [randomName('in'), randomName('job')];
  const dlq = `${topic}.dlq`;
  await cluster.createTopic(topic, PARTITIONS, FOREVER);
  await cluster.createTopic(dlq, 1, FOREVER);
  const failing = eachMessage(({ valueText, partition }) => {
    if (valueText === 'good') return;
    const error = partition === 0 ? new TypeError('of even ones') : new RangeError('of odd ones');
    throw Object.assign(error, { stack });
  });
  return {
    topic,
    dlq,
    name,
    client: await clientOf(t, cluster),
    async run() {
      const processor = new TopicProcessor(
        {
          topicProcessorName: name,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [topic],
          inputPartitions: [0, 1],
          claims: false,
          logger: silentLogger,
          middleware: [deadLetter({ maxShare: 1 }), retry({ attempts: 2, initialMs: 1 })],
        },
        failing,
      );
      await processor.runToEnd();
    },
    async dlqCommand(...argv) {
      const { exitCode, stdout, stderr } = await kasper([
        'dlq',
        ...argv,
        '--brokers',
        cluster.brokers.join(','),
      ]);
      t.deepEqual([exitCode, stderr], [0, '']);
      return stdout;
    },
  };
}

const halves = [0, 1].map((partition) => contents.filter((_content, at) => at % PARTITIONS === partition));

testOnEach(
  'dead letters have key, value, timestamp and headers byte for byte, and so have their replays',
  async (t, cluster) => {
    const { topic, dlq, name, client, run, dlqCommand } = await jobOf(t, cluster);
    await write(client, topic, contents);
    await run();
    const [letters = []] = await read(client, dlq, 1);
    for (const [partition, expected] of halves.entries()) {
      const own = letters.filter((letter) => deadLetterOf(letter).partition === partition);
      assertSame(t, own.map(contentOf).sort(byTimestamp), expected.map(kept).sort(byTimestamp));
      own.sort((a, b) => (deadLetterOf(a).offset ?? -1) - (deadLetterOf(b).offset ?? -1));
      for (const [offset, letter] of own.entries()) {
        const { stacktrace, ...origin } = deadLetterOf(letter);
        t.deepEqual(origin, {
          topic,
          partition,
          offset,
          group: groupIdOf(name),
          deliveryCount:
            expected[offset]?.headers.some(([header]) => header.endsWith('delivery.count')) === true ? 5 : 1,
          message: partition === 0 ? 'of even ones' : 'of odd ones',
          exception: partition === 0 ? 'TypeError' : 'RangeError',
          stage: 'process',
        });
        t.is(stacktrace, (letter.value?.length ?? 0) > 990_000 ? undefined : stack);
        // Its own headers come first.
        const names = [...letter.headers].map((header) => isOfDlq(header));
        t.deepEqual(names, names.toSorted());
      }
    }

    t.regex(await dlqCommand('replay', dlq, '--execute'), /Done: 10 dead letters replayed/);
    const ends = halves.map(({ length }) => length);
    const replayed = await read(client, topic, PARTITIONS, ends);
    for (const [partition, expected] of halves.entries()) {
      const found = replayed[partition] ?? [];
      assertSame(t, found.map(contentOf).sort(byTimestamp), expected.map(kept).sort(byTimestamp));
      for (const message of found)
        t.deepEqual(
          [...message.headers].filter(isOfDlq).map(([header]) => header),
          ['__dlq.errors.delivery.count'],
          'of why they failed only the count is left',
        );
    }
  },
);

testOnEach(
  'a second replay goes on behind the first, also after records have come; what was replayed is purged, and nothing else',
  async (t, cluster) => {
    const { topic, dlq, client, run, dlqCommand } = await jobOf(t, cluster);
    await write(client, topic, [plain, plain]);
    await run();
    t.regex(await dlqCommand('replay', dlq, '--execute'), /Done: 2 dead letters replayed/);
    t.is(await dlqCommand('replay', dlq, '--execute'), `${dlq}: nothing to replay\n`);
    const counts = async () => (await read(client, topic, PARTITIONS)).map(({ length }) => length);
    t.deepEqual(await counts(), [2, 2]);

    // Both fail again, and a third one with them.
    await write(client, topic, [{ ...plain, value: binary }]);
    await run();
    t.regex(await dlqCommand('replay', dlq), /Dry run: nothing was sent/);
    t.regex(await dlqCommand('replay', dlq, '--execute'), /Done: 3 dead letters replayed/);
    t.deepEqual(await counts(), [5, 3]);
    const again = await read(client, topic, PARTITIONS, [2, 2]);
    t.deepEqual(
      again.map((messages) => messages.map((message) => deadLetterOf(message).deliveryCount).sort()),
      [[0, 1, 2], [2]],
      'what was written by hand has no count, and the others have that of their deliveries',
    );

    await run();
    t.regex(await dlqCommand('purge', dlq, '--before', 'replayed', '--execute'), /Done: 5 records deleted/);
    t.is((await read(client, dlq, 1)).flat().length, 3, 'those that were not replayed');
    t.is(await dlqCommand('purge', dlq, '--before', 'replayed', '--execute'), `${dlq}: nothing to delete\n`);
    t.regex(await dlqCommand('replay', dlq, '--execute'), /Done: 3 dead letters replayed/);
  },
);

testOnEach(
  'each --where has its own place: what one leaves out another replays, and each only once',
  async (t, cluster) => {
    const { topic, dlq, client, run, dlqCommand } = await jobOf(t, cluster);
    await write(client, topic, [plain, plain, plain]);
    await run();
    const counts = async () => (await read(client, topic, PARTITIONS)).map(({ length }) => length);
    const replay = (error: string) => dlqCommand('replay', dlq, '--where', `error=${error}`, '--execute');
    t.regex(
      await replay('RangeError'),
      /\n2 dead letters are left out by --where\.\nDone: 1 dead letter replayed/,
    );
    t.deepEqual(await counts(), [2, 2]);
    t.is(await replay('RangeError'), `${dlq}: nothing to replay\n`);
    t.regex(await replay('TypeError'), /Done: 2 dead letters replayed/);
    t.is(await replay('TypeError'), `${dlq}: nothing to replay\n`);
    t.deepEqual(await counts(), [4, 2]);
    // What was replayed in parts only is not replayed for purge.
    t.is(await dlqCommand('purge', dlq, '--before', 'replayed'), `${dlq}: nothing to delete\n`);
  },
);
