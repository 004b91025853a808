import type { Workload } from './workload.ts';
import { bounded } from './workloads/bounded.ts';
import { bulk } from './workloads/bulk.ts';
import { copy } from './workloads/copy.ts';
import { large } from './workloads/large.ts';
import { money } from './workloads/money.ts';
import { poison } from './workloads/poison.ts';
import { relay } from './workloads/relay.ts';
import { sumsElasticsearch } from './workloads/sums-elasticsearch.ts';
import { sumsMap } from './workloads/sums-map.ts';
import { sumsRedis } from './workloads/sums-redis.ts';
import { tenantsElasticsearch } from './workloads/tenants-elasticsearch.ts';
import { tenantsRedis } from './workloads/tenants-redis.ts';

/** Those of a campaign. */
export const workloads: readonly Workload[] = [
  copy,
  sumsMap,
  sumsRedis,
  sumsElasticsearch,
  tenantsRedis,
  tenantsElasticsearch,
  poison,
  money,
  bounded,
  large,
];

/** Those on which mutants are looked for, beside the others: each makes one kind of mistake easy to see. */
export const mutantWorkloads: readonly Workload[] = [relay, bulk];
