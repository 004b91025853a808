import type { Invariant } from '../workload.ts';

const name = 'buffers-bounded';

/** Whatever waits, no worker ever has more bytes in buffers than this. */
export function buffersBounded(mostBytes: number): Invariant {
  return {
    name,
    check({ workers }) {
      const problems = workers.flatMap(({ incarnation, usages }) => {
        const most = usages.reduce((bytes, { arrayBuffers }) => Math.max(bytes, arrayBuffers), 0);
        return most <= mostBytes
          ? []
          : [`worker ${incarnation} had ${most} bytes in buffers, ${mostBytes} are allowed`];
      });
      const [first] = problems;
      return first === undefined ? [] : [{ invariant: name, text: `${first} (${problems.length} such)` }];
    },
  };
}
