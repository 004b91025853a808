import { Redis } from 'ioredis';
import { int64, prefetch, withCodec } from '../../../source/index.ts';
import { RedisStore } from '../../../stores/index.ts';
import type { Job } from './job.ts';
import { redisCounts } from './redis-store.ts';

/** The prefix that all contenders use. */
export const REDIS_PREFIX = 'counts';

/** Counts the records of each key in Redis, with one MGET and one MSET a batch. */
export const countRedis: Job = {
  name: 'count-redis',
  title: 'count the records of each key in Redis, four partitions at a time',
  value: 'text',
  inputs: 1,
  concurrency: 4,
  expectedSums: () => ({}),
  store: redisCounts((key) => Number(key.slice(REDIS_PREFIX.length + 1))),
  kasper({ port }) {
    const client = new Redis(port);
    const counts = withCodec(new RedisStore({ client, keyPrefix: REDIS_PREFIX }), int64);
    return {
      processor: prefetch(
        counts,
        ({ keyText }) => keyText,
        (messages, _sender, view) => {
          for (const { keyText } of messages)
            if (keyText !== null) view.set(keyText, (view.get(keyText) ?? 0) + 1);
        },
      ),
      close() {
        client.disconnect();
      },
    };
  },
};
