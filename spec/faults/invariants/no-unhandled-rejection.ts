import type { Invariant } from '../workload.ts';

const name = 'no-unhandled-rejection';

/** No promise was rejected, and no error thrown, that nobody handled. */
export const noUnhandledRejection: Invariant = {
  name,
  check: ({ workers }) => {
    const all = workers.flatMap(({ incarnation, unhandled }) =>
      unhandled.map((error) => `worker ${incarnation}: ${error}`),
    );
    const [first] = all;
    return first === undefined ? [] : [{ invariant: name, text: `${first} (${all.length} such)` }];
  },
};
