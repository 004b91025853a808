/**
 * State, and a crash at the worst moment: after the store was written, before the offsets were
 * committed. The batch is reprocessed, as it must be, and a plain counter counts it twice. A value
 * that carries the next offset that is not in it yet knows the repeats, and skips them.
 */
import { ProcessError, TopicProcessor, type ConsumerMessage } from 'kasper-ts';
import { MapStore, type Store } from 'kasper-ts/stores';
import { exampleKafka, fillTopic } from './cluster.ts';

await using kafka = await exampleKafka();
await fillTopic(
  kafka,
  'restart-clicks',
  1,
  ['home', 'home', 'cart', 'home', 'cart', 'home'].map((page) => ({ key: page, value: 'click' })),
);

/**
 * Counts that outlive a processor: here in this process's memory, in earnest in a RedisStore or
 * ElasticsearchStore.
 */
const counts = new MapStore();

/** What the store holds for a page. */
interface PageCount {
  readonly plain: number;
  readonly exact: number;
  /** For each input partition the next offset that `exact` has not counted. */
  readonly next: Readonly<Record<string, number>>;
}

function counted(before: PageCount, { topic, partition, offset }: ConsumerMessage): PageCount {
  const { plain, exact, next } = before;
  const from = `${topic}/${partition}`;
  const isRepeat = offset < (next[from] ?? 0);
  return {
    plain: plain + 1,
    exact: isRepeat ? exact : exact + 1,
    next: isRepeat ? next : { ...next, [from]: offset + 1 },
  };
}

async function readCount(store: Store, page: string): Promise<PageCount> {
  const value = await store.get(page);
  if (value === undefined) return { plain: 0, exact: 0, next: {} };
  return JSON.parse(value.toString()) as PageCount;
}

/** One life of the process. */
async function run(crashAt: number): Promise<void> {
  const processor = new TopicProcessor(
    {
      topicProcessorName: 'store-and-restart',
      client: { brokers: kafka.brokers },
      inputTopics: ['restart-clicks'],
      inputPartitions: [0],
      batchSize: 2,
      stores: { counts },
    },
    {
      async process(messages, _sender, { stores }) {
        for (const message of messages) {
          const page = message.keyText ?? '';
          const count = counted(await readCount(stores.counts, page), message);
          await stores.counts.put(page, Buffer.from(JSON.stringify(count)));
        }
        if (messages.some(({ offset }) => offset === crashAt)) throw new Error('the lights went out');
      },
    },
  );
  const { records } = await processor.runToEnd();
  console.log(`then ${records} clicks were processed and committed`);
}

try {
  await run(3);
} catch (error) {
  // The very value that process threw is the cause; the batch is named by its offsets.
  if (!(error instanceof ProcessError)) throw error;
  const [range] = error.ranges;
  console.log(`offsets ${range?.first ?? ''} to ${range?.last ?? ''} failed: ${String(error.cause)}`);
}
await run(Number.NaN);

for (const page of ['home', 'cart']) {
  const { plain, exact } = await readCount(counts, page);
  console.log(`${page}: ${exact} clicks; a plain counter says ${plain}`);
}

// expected: home: 4 clicks; a plain counter says 5
