import {
  deadLetter,
  deadLetterOf,
  eachMessage,
  logErrors,
  readRange,
  retry,
  silentLogger,
  TopicProcessor,
  UnrecoverableError,
  type ConsumerMessage,
  type KafkaClient,
} from '../../source/index.ts';
import { clientOf } from '../_helpers/jobs/system-job.ts';
import { testOnEach } from '../_helpers/servers/clusters.ts';
import { randomName } from '../_helpers/servers/services.ts';

const PARTITIONS = 4;
const RECORDS = 100_000;
const KEYS = 500;

/** One in a hundred; the keys of those are spread over all. */
const isPoison = (at: number) => at % 100 === Math.floor(at / 100) % 97;
/** As many fail at first, and are processed by another attempt; in a batch no two of one key. */
const isFlaky = (at: number) => at % 101 === 7;

const poisons: readonly ((at: number) => { readonly value: Buffer | null })[] = [
  (at) => ({ value: Buffer.from(`{"at": ${at}`) }),
  (at) => ({ value: Buffer.from(`{"at": ${at}, "unknown": true}`) }),
  () => ({ value: null }),
  () => ({ value: Buffer.alloc(0) }),
];

async function fill(client: KafkaClient, topic: string): Promise<void> {
  const sink = client.sink({ idempotent: true, compression: 'lz4', retryTimeoutMs: 60_000 });
  try {
    await sink.loadTopic(topic);
    const waiting = sink.accumulator();
    for (let at = 0; at < RECORDS; at++) {
      const { value } = (isPoison(at) ? poisons[at % poisons.length] : undefined)?.(at) ?? {
        value: Buffer.from(`{"at": ${at}}`),
      };
      const headers = ['at', Buffer.from(String(at))];
      const key = at % KEYS;
      const record = { key: Buffer.from(`key ${key}`), value, headers, timestamp: Date.now() };
      waiting.append(topic, key % PARTITIONS, waiting.measure(record));
    }
    await waiting.flush();
  } finally {
    await sink.close();
  }
}

async function read(client: KafkaClient, topic: string): Promise<ConsumerMessage[]> {
  const asked = Array.from({ length: PARTITIONS }, (_none, partition) => ({ topic, partition }));
  const ends = await client.listOffsets('latest', asked, 'read_committed');
  const found: ConsumerMessage[] = [];
  const spans = asked.map((each, at) => ({ ...each, from: 0, to: ends[at]?.offset ?? 0 }));
  await readRange(client, spans, (message) => void found.push(message));
  return found;
}

const numberOf = ({ headers }: ConsumerMessage) => Number(headers.get('at')?.toString());

testOnEach(
  'of 100,000 records with 1 % poison all others are processed once, in the order of their keys, and each poison is set aside',
  async (t, cluster) => {
    t.timeout(240_000);
    const client = await clientOf(t, cluster);
    const [topic, out, name] = [randomName('in'), randomName('out'), randomName('job')];
    for (const each of [topic, out, `${topic}.dlq`]) await cluster.createTopic(each, PARTITIONS);
    await fill(client, topic);
    const tried = new Set<number>();
    const checking = eachMessage((message, sender) => {
      const at = numberOf(message);
      sender.forward(message, { topic: out, partition: message.partition });
      const parsed = JSON.parse(message.valueText ?? '') as { readonly unknown?: boolean };
      if (parsed.unknown === true) throw new UnrecoverableError('unknown');
      if (!isFlaky(at) || tried.has(at)) return;
      tried.add(at);
      throw new Error('at first');
    });
    const tally = { retried: 0, dead_lettered: 0, skipped: 0 };
    let records = 0;
    // Closed in the middle, so that dead letters, attempts and a close meet.
    for (const stopsAt of [RECORDS / 3, Infinity]) {
      const processor = new TopicProcessor(
        {
          topicProcessorName: name,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [topic],
          inputPartitions: [0, 1, 2, 3],
          batchSize: 1_000,
          concurrency: 2,
          claims: false,
          logger: silentLogger,
          middleware: [
            deadLetter(),
            retry({ attempts: 3, initialMs: 1, maxMs: 5 }),
            logErrors({ level: 'debug' }),
          ],
        },
        checking,
      );
      processor.on('batch', () => {
        if (processor.stats().records >= stopsAt) void processor.close();
      });
      records += (await processor.runToEnd()).records;
      const counted = processor.stats().tally;
      for (const outcome of ['retried', 'dead_lettered', 'skipped'] as const)
        tally[outcome] += counted[outcome];
    }
    t.is(records, RECORDS);
    t.is(tally.dead_lettered, RECORDS / 100);

    const numbers = Array.from({ length: RECORDS }, (_none, at) => at);
    const poison = numbers.filter(isPoison);
    t.is(poison.length, RECORDS / 100);
    const letters = await read(client, `${topic}.dlq`);
    t.deepEqual(
      [...new Set(letters.map(numberOf))].sort((a, b) => a - b),
      poison,
    );
    for (const letter of letters) {
      const at = numberOf(letter);
      t.deepEqual(letter.value, poisons[at % poisons.length]?.(at).value);
      t.is(deadLetterOf(letter).exception, at % poisons.length === 1 ? 'UNRECOVERABLE' : 'SyntaxError');
    }

    const outputs = (await read(client, out)).map((message) => ({ at: numberOf(message), message }));
    t.deepEqual(
      outputs.map(({ at }) => at).sort((a, b) => a - b),
      numbers.filter((at) => !isPoison(at)),
      'each once, and none of the poison',
    );
    const last = new Map<string, number>();
    for (const { at, message } of outputs) {
      const key = message.keyText ?? '';
      if (at < (last.get(key) ?? -1)) t.fail(`${key}: ${at} after ${last.get(key) ?? -1}`);
      last.set(key, at);
    }
    t.log(`${tally.retried} messages were passed again, ${letters.length} dead letters`);
  },
);
