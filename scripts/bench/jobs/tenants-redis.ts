import { Redis } from 'ioredis';
import { int64, prefetch, withCodec } from '../../../source/index.ts';
import { MultiRedisStore } from '../../../stores/index.ts';
import type { Job } from './job.ts';
import { redisCounts } from './redis-store.ts';

/** The last digits of a key are its tenant: a hundred of them. */
const TENANT_DIGITS = 2;

/** Counts in Redis for a hundred tenants, with one MGET and one MSET a batch. */
export const tenantsRedis: Job = {
  name: 'tenants-redis',
  title: 'count the records of each key in Redis for a hundred tenants, four partitions at a time',
  value: 'text',
  inputs: 1,
  concurrency: 4,
  expectedSums: () => ({}),
  // tenant/prefix/key
  store: redisCounts((stored) => {
    const [tenant = '', , key = ''] = stored.split('/');
    return Number(key + tenant);
  }),
  kasper({ port }) {
    const client = new Redis(port);
    const store = new MultiRedisStore({ client, tenancy: () => ({ keyPrefix: 'counts' }) });
    return {
      processor: prefetch(
        withCodec(store, int64),
        ({ keyText }) => tenantKey(keyText ?? ''),
        (messages, _sender, view) => {
          for (const { keyText } of messages) {
            const { tenant, key } = tenantKey(keyText ?? '');
            view.set(tenant, key, (view.get(tenant, key) ?? 0) + 1);
          }
        },
      ),
      close() {
        client.disconnect();
      },
    };
  },
};

function tenantKey(text: string): { tenant: string; key: string } {
  return { tenant: text.slice(-TENANT_DIGITS), key: text.slice(0, -TENANT_DIGITS) };
}
