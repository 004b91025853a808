import { partitionColumns } from './partition-columns.ts';
import type { PartitionRow } from './partition-rows.ts';

/** By which column the table is sorted, and in which direction. */
export interface PartitionOrder {
  readonly column: string;
  readonly descending: boolean;
}

const texts = new Intl.Collator('en', { numeric: true });

/**
 * A sorted copy. Rows without a value come last in both directions; equal ones are ordered by topic
 * and partition.
 */
export function sortRows(
  rows: readonly PartitionRow[],
  { column, descending }: PartitionOrder,
): readonly PartitionRow[] {
  const value = partitionColumns.find(({ id }) => id === column)?.value ?? (() => null);
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: value(row) }))
    .sort((a, b) => compare(a.value, b.value, sign) || byPlace(a.row, b.row))
    .map(({ row }) => row);
}

/**
 * Whether the texts of a row contain each word of the filter; `orders/7` is topic and partition.
 */
export function matches(row: PartitionRow, filter: string): boolean {
  const { topic, partition, processor, step, batch } = row;
  const text =
    `${topic}/${partition} ${topic} ${partition} ${processor} ${step} ${batch?.trigger ?? ''}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function compare(a: number | string | null, b: number | string | null, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * texts.compare(String(a), String(b));
}

function byPlace(a: PartitionRow, b: PartitionRow): number {
  return (
    texts.compare(a.topic, b.topic) || a.partition - b.partition || texts.compare(a.processor, b.processor)
  );
}
