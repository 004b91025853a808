import type { FinishedRun } from '../finished-run.ts';
import type { Invariant } from '../workload.ts';
import { sumCodec, type Sum } from '../workloads/sum.ts';
import { Cases } from './cases.ts';

const NAME = 'tenants-apart';

export interface TenantsApartOptions {
  readonly tenants: readonly string[];
  /** What the stores have in the end, by `tenant/key`. */
  stored(run: FinishedRun): Promise<ReadonlyMap<string, Sum>>;
  /** The topic to which values were sent, under `tenant/key`. */
  readonly sent: string;
}

/** No tenant's value is under the name of another one, in the store or in what was sent. */
export function tenantsApart({ tenants, stored, sent }: TenantsApartOptions): Invariant {
  const known = new Set(tenants);
  return {
    name: NAME,
    async check(run) {
      const kept = new Cases(NAME, "stored values are in another tenant's place");
      const strange = new Cases(NAME, 'stored keys are of no tenant');
      for (const [key, { tenant }] of await stored(run)) {
        const place = tenantOf(key);
        if (!known.has(place)) strange.add(() => key);
        else if (tenant !== place) kept.add(() => `${key} is of ${tenant ?? 'nobody'}`);
      }
      const out = new Cases(NAME, "values were sent under another tenant's name");
      await run.read(sent, ({ key, value, partition, offset }) => {
        const { tenant } = sumCodec.decode(value ?? Buffer.of());
        if (tenant === tenantOf(String(key))) return;
        out.add(() => `${sent}/${partition} offset ${offset}, ${String(key)}, is of ${tenant ?? 'nobody'}`);
      });
      return [...kept.violations, ...strange.violations, ...out.violations];
    },
  };
}

function tenantOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
