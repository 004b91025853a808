import { getEventListeners } from 'node:events';
import test from 'ava';
import {
  newBatchContext,
  type ContextBatch,
  type PartitionContext,
} from '../../source/batch/batch-context.ts';
import { ProcessLimit } from '../../source/batch/process-limit.ts';
import { systemClock } from '../../source/kernel/clock.ts';
import { LifecycleError } from '../../source/kernel/errors.ts';
import { silentLogger } from '../../source/kernel/logger.ts';

const ofPartition: PartitionContext = {
  partition: 3,
  stores: {},
  logger: silentLogger,
  stillOwned: () => Promise.resolve(),
  groupId: 'g',
  clock: systemClock,
  stop: () => undefined,
};

function batchThat(signal: () => AbortSignal): ContextBatch {
  return {
    get signal() {
      return signal();
    },
    wait: () => Promise.resolve(),
    beforeCommit: () => undefined,
    onCommitted: () => undefined,
    count: () => undefined,
    decorateSender: () => undefined,
  };
}

function newLimit(onOver = () => undefined as unknown): ProcessLimit {
  const limits = { clock: systemClock, processTimeoutMs: 1_000, closeTimeoutMs: 1_000 };
  return new ProcessLimit(limits, { partition: 3, records: 1, ranges: [] }, onOver);
}

test('the signal of a context is made when it is asked for, and is then always the same', (t) => {
  let asked = 0;
  const limit = newLimit();
  const batch = batchThat(() => {
    asked++;
    return limit.signal;
  });
  const context = newBatchContext(ofPartition, 'count', batch);
  t.is(asked, 0);
  t.is(context.signal, context.signal);
  t.is(asked, 2);
});

test('twenty calls may be given the signal of a context at the same time, without a warning', async (t) => {
  const { signal } = newLimit();
  const stop = () => undefined;
  for (let call = 0; call < 20; call++) signal.addEventListener('abort', stop.bind(undefined));
  // Warnings come in a later turn.
  await new Promise(setImmediate);
  t.is(getEventListeners(signal, 'abort').length, 20);
});

test('a copy of a context, and an object made from it, have its signal', (t) => {
  const limit = newLimit();
  const context = newBatchContext(
    ofPartition,
    'count',
    batchThat(() => limit.signal),
  );
  t.true(Object.keys(context).includes('signal'));
  t.is({ ...context }.signal, limit.signal);
  t.is((Object.create(context) as typeof context).signal, limit.signal);
  const { signal } = context;
  t.is(signal, limit.signal);
});

test('a signal that is asked for after the batch was given up is aborted with the reason', (t) => {
  const reason = new LifecycleError('the batch before');
  let told = 0;
  const limit = newLimit(() => told++);
  limit.cancel(reason);
  limit.cancel(new LifecycleError('another'));
  t.is(told, 1);
  t.true(limit.signal.aborted);
  t.is(limit.signal.reason, reason);
  t.throws(
    () => {
      limit.throwIfOver();
    },
    { is: reason },
  );
});

test('a signal that was asked for before is aborted after its owner was told', (t) => {
  const said: string[] = [];
  const limit = newLimit(() => said.push('owner'));
  limit.signal.addEventListener('abort', () => said.push('listener'));
  t.notThrows(() => {
    limit.throwIfOver();
  });
  limit.cancel(new LifecycleError('the batch before'));
  t.deepEqual(said, ['owner', 'listener']);
});
