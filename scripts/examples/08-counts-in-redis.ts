/**
 * Counts per key in Redis, with two calls a batch: `prefetch` reads all keys of a batch together,
 * hands them to a function that need not wait for anything, and writes back what that changed.
 *
 * node dist/scripts/examples/08-counts-in-redis.js --brokers localhost:9092 --redis
 * redis://localhost:6379
 */
// needs: redis-server
import { json, prefetch, TopicProcessor, withCodec } from 'kasper-ts';
import { RedisStore, type RedisClient } from 'kasper-ts/stores';
import { exampleKafka, fillTopic } from './cluster.ts';
import { exampleRedis } from './servers.ts';

await using kafka = await exampleKafka();
await using redis = await exampleRedis();
console.log(`counting in ${redis.what}`);
const pages = ['home', 'cart', 'search', 'help'];
await fillTopic(
  kafka,
  'page-views',
  2,
  Array.from({ length: 10_000 }, (_, n) => ({ key: pages[n % 7] ?? 'home', value: 'view' })),
);

// #region counts
interface Count {
  readonly views: number;
  /**
   * For each input partition, such as `page-views/1`, the next offset that is not counted yet: so a
   * batch that is reprocessed is not counted twice.
   */
  readonly next: Readonly<Record<string, number>>;
}

/** Counts the views of each page, each view once. */
function pageViews(client: RedisClient) {
  const counts = withCodec(new RedisStore({ client, keyPrefix: 'page-views' }), json<Count>());
  const processor = prefetch(
    counts,
    ({ keyText }) => keyText,
    (messages, _sender, view) => {
      for (const { keyText, topic, partition, offset } of messages) {
        if (keyText === null) continue;
        const { views, next } = view.get(keyText) ?? { views: 0, next: {} };
        const from = `${topic}/${partition}`;
        if (offset < (next[from] ?? 0)) continue; // It is in the count already.
        view.set(keyText, { views: views + 1, next: { ...next, [from]: offset + 1 } });
      }
    },
  );
  return { counts, processor };
}
// #endregion

const { counts, processor: countViews } = pageViews(redis.client);
const processor = new TopicProcessor(
  {
    topicProcessorName: 'count-page-views',
    client: { brokers: kafka.brokers },
    inputTopics: ['page-views'],
    inputPartitions: [0, 1],
    stores: { counts },
  },
  countViews,
);
const { records, batches } = await processor.runToEnd();
console.log(`${records} views in ${batches} batches, each with one MGET and one MSET`);
for (const page of pages) console.log(`${page}: ${(await counts.get(page))?.views ?? 0}`);

// expected: home: 5713
