import type { Fault } from './fault.ts';
import { blockLong, blockShort } from './faults/block.ts';
import { clock } from './faults/clock.ts';
import { kill } from './faults/kill.ts';
import { terminate } from './faults/terminate.ts';
import { twoOwners } from './faults/two-owners.ts';

/** All faults. */
export const faults: readonly Fault[] = [kill, terminate, twoOwners, blockShort, blockLong, clock];
