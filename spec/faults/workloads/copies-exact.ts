import { numberHeader, type Invariant } from '../workload.ts';

const name = 'copies-exact';

/** Each record of the topic `out` has key and value of the record of which it is a copy. */
export const copiesExact: Invariant = {
  name,
  async check({ input, read }) {
    let wrong = 0;
    let first = '';
    await read('out', ({ partition, offset, key, value, header }) => {
      const n = Number(header(numberHeader));
      if (!(n < (input.acked[partition] ?? 0))) return;
      const record = input.record(partition, n);
      const isSame =
        (key?.toString() ?? null) === record.key &&
        (value === null || record.value === null ? value === record.value : value.equals(record.value));
      if (isSame) return;
      wrong += 1;
      first ||= `out/${partition}/${offset} is not ${partition}/${n}`;
    });
    return wrong === 0 ? [] : [{ invariant: name, text: `${wrong} copies differ; the first: ${first}` }];
  },
};
