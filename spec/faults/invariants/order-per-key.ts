import type { InputBooks } from '../input-books.ts';
import type { Invariant } from '../workload.ts';
import type { WorkloadJob } from '../workload-job.ts';

const name = 'order-per-key';

/**
 * The first outputs of the records of a key come in the order of the records: what comes again later
 * is another invariant's.
 */
export const orderPerKey: Invariant = {
  name,
  async check({ workload, input, outputs }) {
    if (workload.origin === undefined) return [];
    const places = input.acked.map((count, partition) => placesOfKeys(workload, input, partition, count));
    const seen = input.acked.map((count) => new Uint8Array(count));
    let wrong = 0;
    let first = '';
    (await outputs('output')).forEach(({ partition, n, topic, outputPartition, offset }) => {
      const [known, of] = [seen[partition], places[partition]];
      const key = of?.keys[n];
      if (known === undefined || of === undefined || key === undefined || known[n] === 1) return;
      known[n] = 1;
      const place = of.places[n] ?? 0;
      const expected = of.next[key] ?? 0;
      of.next[key] = Math.max(expected, place + 1);
      if (place === expected) return;
      wrong += 1;
      first ||= `${partition}/${n} is at ${topic}/${outputPartition}/${offset}, as number ${place} of its key, where ${expected} was due`;
    });
    return wrong === 0
      ? []
      : [{ invariant: name, text: `${wrong} outputs are out of order; the first: ${first}` }];
  },
};

interface Places {
  /** By number of the record: its key, as a number; undefined: it has no key, or no output. */
  readonly keys: (number | undefined)[];
  /** By number of the record: how many of its key were before it. */
  readonly places: Uint32Array;
  /** By key, which place is due. */
  readonly next: number[];
}

function placesOfKeys(workload: WorkloadJob, input: InputBooks, partition: number, count: number): Places {
  const numbers = new Map<string, number>();
  const next: number[] = [];
  const counted: number[] = [];
  const keys: (number | undefined)[] = [];
  const places = new Uint32Array(count);
  for (let n = 0; n < count; n++) {
    const record = input.record(partition, n);
    if (record.key === null || workload.hasOutput?.(record) === false) {
      keys.push(undefined);
      continue;
    }
    const key = numbers.get(record.key) ?? numbers.size;
    numbers.set(record.key, key);
    keys.push(key);
    places[n] = counted[key] ?? 0;
    counted[key] = (counted[key] ?? 0) + 1;
  }
  return { keys, places, next };
}
