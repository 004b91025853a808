import type { FinishedRun } from '../finished-run.ts';
import type { GeneratedRecord, Origin } from '../workload.ts';

/** Each record that was written to the input and acked, partition by partition, in order. */
export function* inputRecords({
  input,
}: Pick<FinishedRun, 'input'>): Generator<Origin & { readonly record: GeneratedRecord }> {
  for (const [partition, count] of input.acked.entries())
    for (let n = 0; n < count; n++) yield { partition, n, record: input.record(partition, n) };
}
