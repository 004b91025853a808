import { RedisStore } from '../../../stores/index.ts';
import { redisValues, workerRedis } from './redis-values.ts';
import { sumCodec } from './sum.ts';
import { sums } from './sums.ts';

const TIMEOUT_MS = 2_000;

/** Sums in a Redis. */
export const sumsRedis = sums({
  name: 'sums-redis',
  services: ['redis'],
  open(worker) {
    const client = workerRedis(worker);
    return {
      store: new RedisStore({ client, keyPrefix: `${worker.prefix}-sums`, timeoutMs: TIMEOUT_MS }),
      close: () => {
        client.disconnect();
      },
    };
  },
  stored: (run) => redisValues(run, `${run.prefix}-sums/`, sumCodec),
});
