import { consume } from './consume.ts';
import { copy } from './copy.ts';
import { countMap } from './count-map.ts';
import type { Job, JobName } from './job.ts';

/** Every job by its name. */
export const jobs: Readonly<Record<JobName, Job>> = {
  consume,
  copy,
  'count-map': countMap,
};
