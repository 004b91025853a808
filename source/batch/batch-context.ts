import { stillOwned } from '../assignment/ownership-guard.ts';
import type { RunContext } from '../config/run-context.ts';
import { unlimited } from '../kernel/limit-repeats.ts';
import type { Logger } from '../kernel/logger.ts';
import type { MessageOutcome } from '../message-tally.ts';
import type { BatchTrigger, ProcessContext } from '../message-processor.ts';
import type { newSender, OwnSender, staging, SendStaging } from '../sender.ts';
import type { SharedParts } from './shared-parts.ts';

const batch = Symbol('batch');

/** What the user's code and the middleware are given with a batch. */
export interface BatchContext extends Omit<ProcessContext, 'attempt'> {
  attempt: number;
  [staging]?: SendStaging;
  [newSender]?: () => OwnSender;
}

/** What the contexts of all batches of a partition have in common. */
export type PartitionContext = Pick<
  ProcessContext,
  'groupId' | 'partition' | 'stores' | 'logger' | 'clock' | 'stillOwned' | 'stop'
>;

/** What a context hands on to its batch. */
export interface ContextBatch extends Pick<ProcessContext, 'signal' | 'wait'> {
  beforeCommit: ProcessContext['beforeCommit'];
  onCommitted: ProcessContext['onCommitted'];
  /** For `tally`. */
  count: ProcessContext['tally'];
  decorateSender: ProcessContext['decorateSender'];
}

export function newPartitionContext(
  partition: number,
  {
    run,
    logger,
    shared,
  }: { readonly run: RunContext; readonly logger: Logger; readonly shared: SharedParts },
): PartitionContext {
  return {
    groupId: run.config.groupId,
    partition,
    stores: run.config.stores,
    // What the user's code writes is not ours to limit.
    logger: unlimited(logger),
    clock: run.config.clock,
    stillOwned: () => stillOwned(shared.guard),
    stop: () => {
      run.reports.ended();
    },
  };
}

/** @param owner the batch */
export function newBatchContext(
  { groupId, partition, stores, logger, clock, stillOwned: ownedStill, stop }: PartitionContext,
  trigger: BatchTrigger,
  owner: ContextBatch,
): BatchContext {
  const context = {
    groupId,
    partition,
    trigger,
    attempt: 1,
    stores,
    logger,
    clock,
    wait: (ms: number) => owner.wait(ms),
    stillOwned: ownedStill,
    stop,
    beforeCommit: (callback: () => void | Promise<void>) => {
      owner.beforeCommit(callback);
    },
    onCommitted: (callback: () => void) => {
      owner.onCommitted(callback);
    },
    tally: (outcome: MessageOutcome, count: number) => {
      owner.count(outcome, count);
    },
    decorateSender: (decorate: Parameters<ProcessContext['decorateSender']>[0]) => {
      owner.decorateSender(decorate);
    },
    [batch]: owner,
  };
  return Object.defineProperty(context, 'signal', signal) as typeof context & Pick<ProcessContext, 'signal'>;
}

/**
 * Making a signal costs more than all else of a small batch, so it is made when it is asked for. The
 * property is the context's own, so that a copy of the context has the signal, too. One function
 * serves all contexts: they share one hidden class, as they would not with an accessor in the
 * literal.
 */
const signal: PropertyDescriptor & ThisType<{ readonly [batch]: ContextBatch }> = {
  get() {
    return this[batch].signal;
  },
  enumerable: true,
  configurable: true,
};
