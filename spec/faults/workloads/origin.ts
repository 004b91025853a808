import type { ConsumerMessage } from '../../../source/index.ts';
import { numberHeader, type Origin, type OutputRecord } from '../workload.ts';

const partitionHeader = 'from';

/** Headers of an output that say of which input record it is. */
export function originHeaders({
  partition,
  headers,
}: ConsumerMessage): readonly (readonly [name: string, value: Buffer | string | null])[] {
  return originHeader(partition, headers.get(numberHeader) ?? null);
}

/** The same of a partition and a number. */
export function originHeader(
  partition: number,
  n: Buffer | string | null,
): readonly (readonly [name: string, value: Buffer | string | null])[] {
  return [
    [partitionHeader, String(partition)],
    [numberHeader, n],
  ];
}

/** What {@link originHeaders} says. */
export function originOf(output: OutputRecord): Origin | undefined {
  const [partition, n] = [output.header(partitionHeader), output.header(numberHeader)];
  if (partition === undefined || n === undefined) return undefined;
  return { partition: Number(partition), n: Number(n) };
}
