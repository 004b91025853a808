import type { Fault } from './fault.ts';
import { kill } from './faults/kill.ts';

/** All faults. */
export const faults: readonly Fault[] = [kill];
