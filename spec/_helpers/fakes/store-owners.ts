import { randomUUID } from 'node:crypto';
import { FencedError } from '../../../source/kernel/errors.ts';
import type { StoreOwner } from '../../../stores/store-owner.ts';
import { LineLogger } from './processor-run.ts';

/** A run as its stores know it. */
export interface FakeOwner extends StoreOwner {
  readonly logger: LineLogger;
  /** How often the claims were read. */
  asked: number;
  /** Another owner's claims are there from now on. */
  isFenced: boolean;
}

let fences = Date.now();

/** An owner that has its partitions, each later than the one before. */
export function storeOwner({
  group = 'group',
  former = [],
}: { readonly group?: string; readonly former?: readonly FakeOwner[] } = {}): FakeOwner {
  const owner: FakeOwner = {
    group,
    id: randomUUID(),
    fence: fences++,
    former: former.map(({ id }) => id),
    logger: new LineLogger(),
    asked: 0,
    isFenced: false,
    stillOwned() {
      owner.asked++;
      return owner.isFenced ? Promise.reject(new FencedError('taken over')) : Promise.resolve();
    },
  };
  return owner;
}

/** The name of its connections to Redis. */
export function connectionName({ group, id }: StoreOwner): string {
  return `kasper:${group}:${id}`;
}
