import type { Workload } from '../workload.ts';
import { copy } from './copy.ts';

/**
 * As `copy`, in bounded runs: each worker runs to the end of what is there at its start, and the next
 * one continues.
 */
export const bounded: Workload = { ...copy, name: 'bounded', isBounded: true };
