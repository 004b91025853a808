import type { ConsumerMessage } from '../../../source/index.ts';
import { numberHeader, type Origin, type OutputRecord } from '../workload.ts';

const partitionHeader = 'from';

/** Which input record a message is. */
export function placeOf({ partition, headers }: ConsumerMessage): Origin {
  return { partition, n: Number(headers.get(numberHeader)?.toString()) };
}

/** Headers of an output that say of which input record it is. */
export function originHeaders({ partition, n }: Origin): (readonly [name: string, value: string])[] {
  return [
    [partitionHeader, String(partition)],
    [numberHeader, String(n)],
  ];
}

/** What {@link originHeaders} says. */
export function originOf(output: OutputRecord): Origin | undefined {
  const [partition, n] = [output.header(partitionHeader), output.header(numberHeader)];
  if (partition === undefined || n === undefined) return undefined;
  return { partition: Number(partition), n: Number(n) };
}
