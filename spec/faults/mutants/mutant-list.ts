import { deliveryMutants } from './delivery-mutants.ts';
import { kafkaMutants } from './kafka-mutants.ts';
import { middlewareMutants } from './middleware-mutants.ts';
import type { Mutant } from './mutant.ts';

/** All mutants. */
export const mutants: readonly Mutant[] = [...deliveryMutants, ...kafkaMutants, ...middlewareMutants];
