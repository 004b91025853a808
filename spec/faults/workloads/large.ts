import type { Workload } from '../workload.ts';
import { copy } from './copy.ts';
import { copyJob } from './copy-job.ts';

const LARGE_BYTES = 10_000_000;
/** Of this many records one is large. */
const ONE_OF = 4_000;
/** Of a record batch with one large record. */
const MOST_BYTES = 12_000_000;
const config = { 'max.message.bytes': String(MOST_BYTES) };

/** As `copy`, with records of 10 MB among small ones, and a heap of 256 MB. */
export const large: Workload = {
  ...copy,
  name: 'large',
  isSlow: true,
  topics: copy.topics.map((topic) => ({ ...topic, config })),
  nodeArguments: ['--max-old-space-size=256'],
  record(random, partition, n) {
    const isLarge = random.between(1, ONE_OF) === 1;
    const record = copy.record(random, partition, n);
    return isLarge ? { ...record, value: Buffer.alloc(LARGE_BYTES, `${partition}/${n} `) } : record;
  },
  job: (worker) => copyJob(worker, { maxRecordBytes: MOST_BYTES }),
};
