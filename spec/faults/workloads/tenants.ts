import { defineJob, prefetch, withCodec, type MessageProcessor } from '../../../source/index.ts';
import { MultiRedisStore, type MultiStore } from '../../../stores/index.ts';
import type { Random } from '../../_helpers/schedules/random.ts';
import type { FinishedRun } from '../finished-run.ts';
import { storesEqualFold } from '../invariants/stores-equal-fold.ts';
import { tenantsApart } from '../invariants/tenants-apart.ts';
import type { GeneratedRecord, WorkerContext, Workload } from '../workload.ts';
import { originHeaders, originOf, placeOf } from './origin.ts';
import { redisValues, workerRedis } from './redis-values.ts';
import { added, noSum, sumCodec, type Sum } from './sum.ts';
import { patiently } from './sums.ts';

const PARTITIONS = 4;
const TENANTS = 20;
/** Of a tenant in a partition. All tenants have the same keys. */
const KEYS = 5;
const TIMEOUT_MS = 2_000;

/** Sums of 20 tenants in one Redis, each with the same keys. */
export const tenants: Workload = {
  name: 'tenants',
  services: ['redis'],
  topics: [
    { role: 'input', name: 'in', partitions: PARTITIONS },
    { role: 'output', name: 'sums', partitions: PARTITIONS },
  ],
  record,
  job(worker) {
    const client = workerRedis(worker);
    const place = { keyPrefix: `${worker.prefix}-sums` };
    const store = new MultiRedisStore({ client, tenancy: () => place, timeoutMs: TIMEOUT_MS });
    const sums = withCodec(store, sumCodec);
    return defineJob(
      {
        topicProcessorName: worker.name,
        inputTopics: [worker.topic('in')],
        batchSize: 500,
        batchWaitMs: 50,
        stores: { sums },
        middleware: patiently(),
      },
      {
        ...tenantProcessor(sums, worker),
        close: () => {
          client.disconnect();
        },
      },
    );
  },
  origin: originOf,
  invariants: [
    storesEqualFold({
      amounts: ({ key, value }) => [[key ?? '', Number(value)]],
      stored,
      sent: { topic: 'sums', sum: ({ key, value }) => [String(key), sumCodec.decode(value ?? Buffer.of())] },
    }),
    tenantsApart({ tenants: tenantNames(), stored, sent: 'sums' }),
  ],
};

export function tenantNames(): string[] {
  return Array.from({ length: TENANTS }, (_none, at) => `tenant-${at}`);
}

/** A message's key is `tenant/key`. */
function record(random: Random, partition: number): GeneratedRecord {
  const tenant = `tenant-${random.between(0, TENANTS - 1)}`;
  const key = `${tenant}/${partition}.k${random.between(0, KEYS - 1)}`;
  return { key, value: Buffer.from(String(random.between(-500, 1_000))) };
}

function tenantOf(text: string | null): { readonly tenant: string; readonly key: string } {
  const [tenant = '', key = ''] = (text ?? '').split('/');
  return { tenant, key };
}

function tenantProcessor(sums: MultiStore<Sum>, worker: WorkerContext): MessageProcessor {
  const topic = worker.topic('sums');
  return prefetch(
    sums,
    ({ keyText }) => tenantOf(keyText),
    (messages, sender, view) => {
      const half = Math.floor(messages.length / 2);
      for (const [at, message] of messages.entries()) {
        if (at === half) worker.midway();
        const { keyText } = message;
        const origin = placeOf(message);
        const { partition } = origin;
        const { tenant, key } = tenantOf(keyText);
        const before = view.get(tenant, key) ?? { ...noSum, tenant };
        const sum = added(before, origin, Number(message.valueText));
        if (sum !== before) view.set(tenant, key, sum);
        const value = sumCodec.encode(sum);
        sender.send({ topic, partition, key: keyText, value, headers: originHeaders(origin) });
      }
    },
  );
}

/** By `tenant/key`. */
async function stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>> {
  return redisValues(run, `${run.prefix}-sums/`, sumCodec);
}
