import { consume } from './consume.ts';
import { copy } from './copy.ts';
import { countElasticsearch } from './count-elasticsearch.ts';
import { countMap } from './count-map.ts';
import { countRedis } from './count-redis.ts';
import { filter } from './filter.ts';
import { forward } from './forward.ts';
import type { Job } from './job.ts';
import type { JobName } from './job-names.ts';
import { join } from './join.ts';
import { jsonValues } from './json-values.ts';
import { tenantsRedis } from './tenants-redis.ts';

/** Every job by its name. */
export const jobs: Readonly<Record<JobName, Job>> = {
  consume,
  copy,
  forward,
  filter,
  'count-map': countMap,
  'count-redis': countRedis,
  'count-elasticsearch': countElasticsearch,
  join,
  'tenants-redis': tenantsRedis,
  json: jsonValues,
};
