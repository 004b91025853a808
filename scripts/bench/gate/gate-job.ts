import { KEY_BYTES } from '../input-records.ts';

/** What a contender of the gate is asked to do once. */
export interface GateJob {
  readonly kind: 'consume' | 'copy';
  /** What one call of `process` gets at most; kafkajs decides that itself. */
  readonly batchSize: number;
  readonly broker: string;
  readonly input: string;
  /** For `copy`; has as many partitions as the input. */
  readonly output: string;
  readonly partitions: number;
  readonly records: number;
}

/** Does one job from the first call to the last commit; rejects unless all records were seen. */
export type GateContender = (job: GateJob) => Promise<void>;

/** Throws unless a job read every record of the input, with all of its bytes. */
export function checkRead(job: GateJob, records: number, bytes: number): void {
  if (records !== job.records || bytes !== job.records * RECORD_BYTES) {
    throw new Error(
      `${job.kind}: ${records} records of ${bytes} bytes in all were read, not ${job.records} of ${job.records * RECORD_BYTES}`,
    );
  }
}

export const VALUE_BYTES = 100;
const RECORD_BYTES = KEY_BYTES + VALUE_BYTES;
