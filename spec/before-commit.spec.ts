import test from 'ava';
import type { BatchReport } from '../source/batch-report.ts';
import { BatchError } from '../source/batch-error.ts';
import { ConfigError, LifecycleError, ProcessError } from '../source/kernel/errors.ts';
import type { ProcessContext } from '../source/message-processor.ts';
import type { Middleware } from '../source/middleware/middleware.ts';
import { fixture, GROUP } from './_helpers/fakes/processor-run.ts';

test('beforeCommit runs when outputs and stores are durable, in order, each awaited, before the offsets are committed', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 2);
  const seen: string[] = [];
  await make({
    process(messages, sender, context) {
      for (const { value } of messages) sender.send({ topic: 'out', value });
      context.beforeCommit(async () => {
        seen.push(
          `out has ${kafka.values('out').length}, committed ${kafka.committed(GROUP, 'in', 0) ?? -1}`,
        );
        await kafka.quiet();
        seen.push('first ends');
      });
      context.beforeCommit(() => void seen.push('second'));
      context.onCommitted(() => seen.push(`committed ${kafka.committed(GROUP, 'in', 0) ?? -1}`));
    },
  }).runToEnd();
  t.deepEqual(seen, ['out has 2, committed 0', 'first ends', 'second', 'committed 2']);
});

test('what beforeCommit throws fails the batch: outputs are durable, nothing is committed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 2);
  const cause = new Error('no room');
  const seen: string[] = [];
  const { error } = await outcome(
    make({
      process(messages, sender, context) {
        for (const { value } of messages) sender.send({ topic: 'out', value });
        context.beforeCommit(() => Promise.reject(cause));
        context.beforeCommit(() => void seen.push('second'));
        context.onCommitted(() => seen.push('committed'));
      },
    }).runToEnd(),
  );
  t.true(error instanceof ProcessError);
  t.is((error as ProcessError).cause, cause);
  t.regex(
    String(error),
    /The step before the commit failed for in\/0 offsets 0 to 1; nothing of this batch was committed/,
  );
  t.deepEqual(seen, []);
  t.deepEqual(kafka.values('out'), ['in0', 'in1']);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

for (const hook of ['beforeCommit', 'onCommitted'] as const) {
  test(`${hook} of an attempt that failed is forgotten, that of a BatchError is kept`, async (t) => {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    const seen: string[] = [];
    const thrice: Middleware =
      (next) =>
      async (...args) => {
        await t.throwsAsync(async () => next(...args), { message: 'no' });
        await t.throwsAsync(async () => next(...args), { instanceOf: BatchError });
        await next(...args);
      };
    await make(
      {
        process(messages, _sender, context) {
          const { attempt } = context;
          context[hook](() => void seen.push(`attempt ${attempt}`));
          if (attempt === 1) throw new Error('no');
          if (attempt === 2) throw new BatchError(messages.map((message) => ({ message, error: 1 })));
        },
      },
      { middleware: [thrice] },
    ).runToEnd();
    t.deepEqual(seen, ['attempt 2', 'attempt 3']);
  });
}

test('what is called back at the commit must be a function, and be named before process has ended', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  let ended: ProcessContext | undefined;
  await make({
    process(_messages, _sender, context) {
      ended = context;
      for (const hook of ['beforeCommit', 'onCommitted'] as const)
        t.throws(
          () => {
            context[hook]('soon' as never);
          },
          {
            instanceOf: ConfigError,
            message: `context.${hook}: the callback must be a function, not 'soon'`,
          },
        );
    },
  }).runToEnd();
  for (const hook of ['beforeCommit', 'onCommitted'] as const)
    t.throws(() => ended?.[hook](() => undefined), {
      instanceOf: LifecycleError,
      message: `context.${hook}() was called after process had ended. Is an await missing in process?`,
    });
});

test('all steps of a batch carry its number, also while the next batch runs', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 30).fill('in', 1, 10);
  const reports: BatchReport[] = [];
  const processor = make({ process: () => undefined }, { inputPartitions: [0, 1] });
  processor.on('batch', (report) => reports.push(report));
  await processor.runToEnd();
  const steps = groupByBatch(reports);
  t.deepEqual([...steps.keys()].toSorted(), [1, 2, 3, 4]);
  for (const ofBatch of steps.values()) {
    t.deepEqual(
      ofBatch.map(({ step }) => step),
      ['processed', 'flushed', 'stored', 'committed'],
    );
    t.is(new Set(ofBatch.map(({ ranges }) => JSON.stringify(ranges))).size, 1);
  }
});

function groupByBatch(reports: readonly BatchReport[]): Map<number, BatchReport[]> {
  const groups = new Map<number, BatchReport[]>();
  for (const report of reports) groups.set(report.batch, [...(groups.get(report.batch) ?? []), report]);
  return groups;
}
