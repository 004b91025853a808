import { buffersBounded } from '../invariants/buffers-bounded.ts';
import type { Workload } from '../workload.ts';
import { copyJob } from './copy-job.ts';
import { relay } from './relay.ts';

const MiB = 1024 * 1024;
const BUFFER_BYTES = 4 * MiB;
const VALUE_BYTES = 60_000;
/** What is open and being sent, two responses, and what the program has anyway. */
const BESIDE_BYTES = 32 * MiB;

/** Large records, little memory for those that wait: what is fetched must stay within its bound. */
export const bulk: Workload = {
  ...relay,
  name: 'bulk',
  record: (_random, partition, n) => ({
    key: `key-${partition}-${n % 3}`,
    value: Buffer.alloc(VALUE_BYTES, `${partition}/${n} `),
  }),
  job: (worker) => copyJob(worker, { batchSize: 20, maxBufferBytes: BUFFER_BYTES }),
  invariants: [buffersBounded(BUFFER_BYTES + BESIDE_BYTES)],
};
