import { numberHeader, type Workload } from '../workload.ts';
import { copiesExact } from './copies-exact.ts';
import { copyJob } from './copy-job.ts';

const PARTITIONS = 6;
const KEYS = 50;

/** Each record is copied, with its headers, to the output partition of the same number. */
export const copy: Workload = {
  name: 'copy',
  services: [],
  topics: [
    { role: 'input', name: 'in', partitions: PARTITIONS },
    { role: 'output', name: 'out', partitions: PARTITIONS },
  ],
  record: (random, partition, n) => ({
    key: `key-${partition}-${random.between(1, KEYS)}`,
    value: Buffer.from(`value ${n} ${'x'.repeat(random.between(0, 200))}`),
  }),
  job: copyJob,
  origin: ({ partition, header }) => ({ partition, n: Number(header(numberHeader)) }),
  invariants: [copiesExact],
};
