import test from 'ava';
import { LifecycleError, type ProcessError, TimeoutError } from '../source/kernel/errors.ts';
import type { ProcessContext } from '../source/message-processor.ts';
import { fixture, GROUP, noting, stateOf, type SeenBatch } from './_helpers/fakes/processor-run.ts';
import { deferred } from './_helpers/deferred.ts';

// processTimeoutMs.

test('a processor that heeds the signal fails the run with TimeoutError, whether it throws or returns', async (t) => {
  for (const ending of ['throws', 'throws the reason', 'returns'] as const) {
    const { kafka, make, clock, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 10);
    const own = new Error('aborted');
    const result = outcome(
      make(
        {
          process: (_messages, sender, { signal }) =>
            new Promise<void>((resolve, reject) => {
              sender.send({ topic: 'out', value: 'x' });
              signal.addEventListener('abort', () => {
                if (ending === 'returns') resolve();
                else reject(ending === 'throws' ? own : (signal.reason as Error));
              });
            }),
        },
        { processTimeoutMs: 2000 },
      ).runLoop(),
    );
    await clock.advance(1999);
    t.is(await stateOf(result), 'pending');
    await clock.advance(1);
    const { error } = await result;
    t.true(error instanceof TimeoutError, `${ending}: ${String(error)}`);
    t.regex(
      (error as TimeoutError).message,
      /^process did not end within processTimeoutMs \(2000 ms\): partition 0, 10 messages, from in offset 0\. JavaScript cannot stop it/,
    );
    t.deepEqual((error as TimeoutError).suppressed, ending === 'throws' ? [own] : []);
    t.deepEqual(kafka.values('out'), []);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
  }
});

test('a processor that ignores the signal is given up after closeTimeoutMs more; other partitions are committed and nobody enters beside it', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 10).fill('in', 1, 10).fill('in', 2, 10);
  const hang = deferred();
  const batches: SeenBatch[] = [];
  let sendLater: (() => void) | undefined;
  const processor = make(
    noting(batches, (_messages, sender, { partition }) => {
      if (partition !== 1) return;
      sendLater = () => {
        sender.send({ topic: 'out', value: 'x' });
      };
      return hang.promise;
    }),
    { inputPartitions: [0, 1, 2], processTimeoutMs: 2000, closeTimeoutMs: 3000 },
  );
  const result = outcome(processor.runLoop());
  await kafka.quiet();
  t.deepEqual(
    batches.map(({ partition }) => partition),
    [0, 1],
    'partition 2 queues for the slot',
  );
  await clock.advance(2000);
  t.throws(() => sendLater?.(), { instanceOf: LifecycleError, message: /after processTimeoutMs was over/ });
  await clock.advance(2999);
  t.is(await stateOf(result), 'pending');
  await clock.advance(1);
  const { error } = await result;
  t.true(error instanceof TimeoutError && error.message.includes('processTimeoutMs'), String(error));
  t.deepEqual((error as TimeoutError).suppressed, [], 'close had nothing to wait for');
  t.is(batches.length, 2);
  t.is(kafka.committed(GROUP, 'in', 0), 10);
  t.is(kafka.committed(GROUP, 'in', 1), 0);
  hang.resolve();
  await kafka.quiet();
  t.is(kafka.committed(GROUP, 'in', 1), 0);
  t.is(clock.pending, 0);
});

test('after the limit no middleware can begin another attempt', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  let attempts = 0;
  const result = outcome(
    make(
      {
        process: (_messages, _sender, { signal }) => {
          attempts++;
          return new Promise<void>((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              reject(new Error('aborted'));
            });
          });
        },
      },
      {
        processTimeoutMs: 2000,
        middleware: [
          (next) =>
            async (...args) => {
              try {
                await next(...args);
              } catch {
                await next(...args);
              }
            },
        ],
      },
    ).runLoop(),
  );
  await clock.advance(2000);
  t.true((await result).error instanceof TimeoutError);
  t.is(attempts, 1);
});

// context.wait.

test('context.wait of one partition for 30 s lets 63 others go on at full rate, and process is still never entered twice', async (t) => {
  const { kafka, make, clock } = fixture(t);
  const others = Array.from({ length: 63 }, (_, at) => at + 1);
  kafka.createTopic('in', 64).fill('in', 0, 10);
  for (const partition of others) kafka.fill('in', partition, 20);
  let inside = 0;
  const seen: { partition: number; afterMs: number }[] = [];
  const began = clock.now();
  const run = make(
    {
      async process(_messages, _sender, context) {
        t.is(++inside, 1);
        await Promise.resolve();
        if (context.partition === 0) {
          inside--;
          await context.wait(30_000);
          t.is(++inside, 1);
        }
        seen.push({ partition: context.partition, afterMs: clock.now() - began });
        await new Promise<void>((resolve) => clock.after(100, resolve));
        inside--;
      },
    },
    { inputPartitions: [0, ...others] },
  ).runToEnd();
  await clock.advance(60_000);
  t.is((await run).records, 10 + 63 * 20);
  // Two batches each, without a moment between: as if the partition that waits were not there.
  const rest = seen.filter(({ partition }) => partition !== 0);
  t.deepEqual(
    rest.map(({ afterMs }) => afterMs),
    Array.from({ length: 126 }, (_, at) => at * 100),
  );
  t.is(new Set(rest.map(({ partition }) => partition)).size, 63);
  t.deepEqual(seen.at(-1), { partition: 0, afterMs: 30_000 });
});

test('a wait that is over queues for the slot', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const work = deferred();
  const seen: string[] = [];
  const run = make(
    {
      async process(_messages, _sender, context) {
        if (context.partition === 0) {
          await context.wait(100);
          seen.push('waited');
        } else {
          await work.promise;
          seen.push('worked');
        }
      },
    },
    { inputPartitions: [0, 1] },
  ).runToEnd();
  await clock.advance(1000);
  t.deepEqual(seen, []);
  work.resolve();
  await run;
  t.deepEqual(seen, ['worked', 'waited']);
});

test('waits of one batch that overlap give one slot back, not one each', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 4);
  for (let partition = 0; partition < 4; partition++) kafka.fill('in', partition, 10);
  const inside = new Set<number>();
  let most = 0;
  const run = make(
    {
      async process(messages, _sender, context) {
        if (context.partition === 0) {
          await Promise.all(messages.map(({ offset }) => context.wait(1000 + offset)));
          return;
        }
        inside.add(context.partition);
        most = Math.max(most, inside.size);
        await new Promise<void>((resolve) => clock.after(300, resolve));
        inside.delete(context.partition);
      },
    },
    { inputPartitions: [0, 1, 2, 3] },
  ).runToEnd();
  await clock.advance(10_000);
  t.is((await run).records, 40);
  t.is(most, 1);
});

test('a wait that nobody awaits does not let a second partition in', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 3).fill('in', 0, 10).fill('in', 1, 10).fill('in', 2, 10);
  let inside = 0;
  let most = 0;
  let late: Promise<void> | undefined;
  let leaked: ProcessContext | undefined;
  const run = make(
    {
      process(_messages, _sender, context) {
        if (context.partition === 0) {
          leaked = context;
          late = context.wait(500);
          return undefined;
        }
        most = Math.max(most, ++inside);
        return new Promise<void>((resolve) =>
          clock.after(300, () => {
            inside--;
            resolve();
          }),
        );
      },
    },
    { inputPartitions: [0, 1, 2] },
  ).runToEnd();
  await clock.advance(5000);
  await late;
  await run;
  t.is(most, 1);
  await t.throwsAsync(async () => leaked?.wait(1), {
    instanceOf: LifecycleError,
    message: /after process had ended\. Is an await missing/,
  });
});

test('context.wait rejects on close, and the batch is given up without a failure', async (t) => {
  for (const wrap of [
    (error: unknown) => error,
    (error: unknown) => new Error('the service was away', { cause: error }),
  ]) {
    const { kafka, make, clock, outcome, log } = fixture(t);
    kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 10).fill('in', 1, 10);
    let seen: unknown;
    const processor = make(
      {
        async process(_messages, sender, context) {
          if (context.partition === 1) return;
          sender.send({ topic: 'out', value: 'x' });
          try {
            await context.wait(30_000);
          } catch (error) {
            seen = error;
            throw wrap(error);
          }
        },
      },
      { inputPartitions: [0, 1] },
    );
    const result = outcome(processor.runLoop());
    await clock.advance(10);
    await processor.close();
    const { ok, error } = await result;
    t.true(ok, String(error));
    t.true(seen instanceof LifecycleError);
    t.regex(String(seen), /context\.wait\(\) ended because the processor is closing/);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
    t.is(kafka.committed(GROUP, 'in', 1), 10);
    t.deepEqual(kafka.values('out'), []);
    t.true(
      log
        .messages('info')
        .includes('A batch that waited when the processor closed is given up; it is reprocessed'),
    );
    t.is(clock.pending, 0);
  }
});

test('a wait that queues for the slot when the processor closes rejects too', async (t) => {
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const work = deferred();
  const seen: string[] = [];
  const processor = make(
    {
      async process(_messages, _sender, context) {
        if (context.partition === 1) {
          await work.promise;
          return;
        }
        await context.wait(100);
        seen.push('went on');
      },
    },
    { inputPartitions: [0, 1] },
  );
  const run = processor.runLoop();
  await clock.advance(1000);
  const closed = processor.close();
  await kafka.quiet();
  work.resolve();
  await closed;
  await run;
  t.deepEqual(seen, []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  t.is(kafka.committed(GROUP, 'in', 1), 10);
});

test('a failure while others wait ends their waits at once', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 10).fill('in', 1, 10);
  const boom = new Error('boom');
  const result = outcome(
    make(
      {
        async process(_messages, _sender, context) {
          if (context.partition === 0) await context.wait(20_000);
          else throw boom;
        },
      },
      { inputPartitions: [0, 1] },
    ).runLoop(),
  );
  await clock.advance(10);
  const { error } = await result;
  t.is((error as ProcessError).cause, boom);
  t.deepEqual((error as ProcessError).suppressed, []);
});

test('a wait ends when the time limit of process is over', async (t) => {
  const { kafka, make, clock, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const result = outcome(
    make({ process: (_m, _s, context) => context.wait(100_000) }, { processTimeoutMs: 1000 }).runLoop(),
  );
  await clock.advance(1000);
  const { error } = await result;
  t.true(error instanceof TimeoutError && error.message.includes('processTimeoutMs'), String(error));
});

test('many waits at once raise no warning about listeners', async (t) => {
  const warnings: string[] = [];
  const note = (warning: Error) => warnings.push(warning.name);
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  const { kafka, make, clock } = fixture(t);
  kafka.createTopic('in', 20);
  for (let partition = 0; partition < 20; partition++) kafka.fill('in', partition, 1);
  const run = make(
    { process: (_m, _s, context) => context.wait(100) },
    { inputPartitions: Array.from({ length: 20 }, (_none, at) => at) },
  ).runToEnd();
  await clock.advance(1000);
  await run;
  t.deepEqual(warnings, []);
});
