import { prefetch, withCodec, type MessageProcessor } from '../../../source/index.ts';
import type { MultiStore } from '../../../stores/index.ts';
import type { Random } from '../../_helpers/schedules/random.ts';
import type { FinishedRun } from '../finished-run.ts';
import { tenantsApart } from '../invariants/tenants-apart.ts';
import type { GeneratedRecord, ServiceKind, WorkerContext, Workload } from '../workload.ts';
import { originHeaders, originOf, placeOf } from './origin.ts';
import { storeJob, sumsEqualFold, type OpenedStore } from './store-job.ts';
import { added, noSum, sumCodec, type Sum } from './sum.ts';

const PARTITIONS = 4;
const TENANTS = 20;
/** Of a tenant in a partition. All tenants have the same keys. */
const KEYS = 5;

export interface TenantsOptions {
  readonly name: string;
  readonly services: readonly ServiceKind[];
  /** In the worker. */
  open(worker: WorkerContext): OpenedStore<MultiStore>;
  /** By `tenant/key` what the store has in the end, read past all code of ours that wrote it. */
  stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>>;
}

/** Sums of 20 tenants in one server, each with the same keys. */
export function tenants({ name, services, open, stored }: TenantsOptions): Workload {
  return {
    name,
    services,
    topics: [
      { role: 'input', name: 'in', partitions: PARTITIONS },
      { role: 'output', name: 'sums', partitions: PARTITIONS },
    ],
    record,
    job(worker) {
      const opened = open(worker);
      const sums = withCodec(opened.store, sumCodec);
      return storeJob(worker, {
        input: 'in',
        stores: { sums },
        processor: tenantProcessor(sums, worker),
        opened,
      });
    },
    origin: originOf,
    invariants: [sumsEqualFold(stored), tenantsApart({ tenants: tenantNames(), stored, sent: 'sums' })],
  };
}

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
