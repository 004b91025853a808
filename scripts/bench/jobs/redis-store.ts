import { Redis } from 'ioredis';
import { countSums, recordsByKey, type InputShape } from '../input-records.ts';
import type { JobStore } from './job.ts';

const KEYS_AT_ONCE = 10_000;

/** Counts in Redis: decimal text, under keys of which `indexOf` gives the index. */
export function redisCounts(indexOf: (key: string) => number): JobStore {
  return {
    server: 'redis',
    async storedSums({ port }) {
      const redis = new Redis(port);
      try {
        const counts: [index: number, count: number][] = [];
        const keys = await redis.keys('*');
        for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
          const part = keys.slice(at, at + KEYS_AT_ONCE);
          const values = await redis.mget(part);
          for (const [n, key] of part.entries()) counts.push([indexOf(key), Number(values[n])]);
        }
        return countSums(counts);
      } finally {
        redis.disconnect();
      }
    },
    expectedSums,
  };
}

function expectedSums(inputs: readonly InputShape[]) {
  return countSums(inputs.flatMap((input) => [...recordsByKey(input).entries()]));
}
