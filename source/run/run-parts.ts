import type { Assignment } from '../assignment/assignment.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { EndOffsetWatch } from '../input/end-offset-watch.ts';
import type { HeldBackWatch } from '../input/held-back-watch.ts';
import type { InputFlow } from '../input/input-flow.ts';
import type { PlannedPartition } from '../input/start-plan.ts';

/**
 * What a run is made of, in the order in which it comes to be; a part is undefined before. The run
 * fills it in, and the view of the processor looks at it.
 */
export class RunParts {
  /** What a start is at, in words. */
  phase = 'it opens its monitor';
  assignment: Assignment | undefined;
  delivery: Delivery | undefined;
  plan: readonly PlannedPartition[] = [];
  flow: InputFlow | undefined;
  endWatch: EndOffsetWatch | undefined;
  heldBack: HeldBackWatch | undefined;
}
