import type { WireWriter } from '../kafka/wire/wire-writer.ts';
import { loopTime, pacedTime } from './loop-time.ts';

type Each<T> = (item: T) => void | Promise<void>;

/**
 * Writes an array as {@link WireWriter.array} does, in parts where it takes long: others get their
 * turn in between.
 *
 * @returns undefined where it did not
 */
export function pacedArray<T>(
  writer: WireWriter,
  items: readonly T[],
  each: Each<T>,
): Promise<void> | undefined {
  writer.int32(items.length);
  return paced(items, each);
}

/** Calls `each` for all items that are there now, in parts where it takes long. */
export function paced<T>(items: readonly T[], each: Each<T>): Promise<void> | undefined {
  const count = items.length;
  for (let i = 0; i < count; i++) {
    const item = items[i] as T;
    const later = each(item) as Promise<void> | undefined;
    if (later !== undefined || loopTime.isUsedUp) return rest(items, each, { from: i + 1, count, later });
  }
  return undefined;
}

async function rest<T>(
  items: readonly T[],
  each: Each<T>,
  { from, count, later }: { from: number; count: number; later: Promise<void> | undefined },
): Promise<void> {
  if (later === undefined) await pacedTime.next();
  else await later;
  for (let i = from; i < count; i++) {
    while (pacedTime.isUsedUp) await pacedTime.next();
    await each(items[i] as T);
  }
}
