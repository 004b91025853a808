import type { Invariant } from '../workload.ts';

const name = 'no-failure-without-fault';
/** A fault may be felt this much after it was healed. */
const AFTER_MS = 15_000;

/** A worker fails only where a fault was at work. */
export const noFailureWithoutFault: Invariant = {
  name,
  check({ workers, faults }) {
    const failed = workers.filter(
      ({ end, endedAt = 0 }) =>
        end === 'failed' &&
        !faults.some(({ begun, healed }) => endedAt >= begun && endedAt <= healed + AFTER_MS),
    );
    const [first] = failed;
    return first === undefined
      ? []
      : [
          {
            invariant: name,
            text: `worker ${first.incarnation} failed: ${(first.failure ?? '').slice(0, 2_000)} (${failed.length} such)`,
          },
        ];
  },
};
