import { MultiRedisStore } from '../../../stores/index.ts';
import { redisValues, workerRedis } from './redis-values.ts';
import { sumCodec } from './sum.ts';
import { tenants } from './tenants.ts';

const TIMEOUT_MS = 2_000;

/** Sums of tenants in a Redis, all under one prefix. */
export const tenantsRedis = tenants({
  name: 'tenants-redis',
  services: ['redis'],
  open(worker) {
    const client = workerRedis(worker);
    const place = { keyPrefix: `${worker.prefix}-sums` };
    return {
      store: new MultiRedisStore({ client, tenancy: () => place, timeoutMs: TIMEOUT_MS }),
      close: () => {
        client.disconnect();
      },
    };
  },
  stored: (run) => redisValues(run, `${run.prefix}-sums/`, sumCodec),
});
