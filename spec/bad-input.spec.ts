import test from 'ava';
import { eachMessage, type MessageHandler } from '../source/each-message.ts';
import { ConfigError, LifecycleError, ProcessError } from '../source/kernel/errors.ts';
import type { ProcessFunction } from '../source/message-processor.ts';
import type { Middleware } from '../source/middleware/middleware.ts';
import type { ProcessorEvents } from '../source/processor-events.ts';
import type { SeekTarget } from '../source/seek-target.ts';
import type { RunOptions } from '../source/topic-processor.ts';
import { fixture, GROUP, noting } from './_helpers/fakes/processor-run.ts';

// Values that only JavaScript can pass: each is refused where it is given, by name and with what to do.

for (const bad of [null, 5, { signal: 5 }, { sginal: AbortSignal.abort() }]) {
  test(`run options ${JSON.stringify(bad)} are refused`, async (t) => {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in');
    for (const method of ['runLoop', 'runToEnd'] as const) {
      const error = await t.throwsAsync(make(noting([]))[method](bad as unknown as RunOptions), {
        instanceOf: ConfigError,
      });
      t.regex(error.message, new RegExp(`^${method}: `));
    }
    t.deepEqual(kafka.order('connect'), []);
  });
}

test('a listener of an event that does not exist is refused, and so is what is no function', (t) => {
  const { make } = fixture(t);
  const processor = make(noting([]));
  t.throws(() => processor.on('stat' as keyof ProcessorEvents, () => undefined), {
    instanceOf: ConfigError,
    message: "TopicProcessor.on: unknown event 'stat'; did you mean 'state'?",
  });
  t.throws(() => processor.on('state', undefined as unknown as () => void), {
    instanceOf: ConfigError,
    message: 'TopicProcessor.on: the listener must be a function, not undefined',
  });
});

test('a seek to what is no target is refused by name, a BigInt too', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const processor = make(noting([]));
  const run = processor.runLoop();
  await kafka.quiet();
  for (const [bad, shown] of [
    [2n, /not 2n$/],
    ['newest', /not 'newest'$/],
    [Object.create(null), /not an object$/],
  ] as const) {
    await t.throwsAsync(processor.seek('in', 0, bad as unknown as SeekTarget), {
      instanceOf: ConfigError,
      message: shown,
    });
  }
  await processor.close();
  await run;
});

test('eachMessage of what is no function is refused', (t) => {
  t.throws(() => eachMessage(null as unknown as MessageHandler), {
    instanceOf: ConfigError,
    message: 'eachMessage: the handler must be a function (message, sender, context), not null',
  });
});

test('a middleware that returns no function is named by its place when the processor is made', (t) => {
  const { make } = fixture(t);
  const good: Middleware = (next) => next;
  const bad = (() => undefined) as unknown as Middleware;
  t.throws(() => make(noting([]), { middleware: [good, bad] }), {
    instanceOf: ConfigError,
    message:
      /^TopicProcessor options: middleware\[1\] returned undefined: it must return a function, such as/,
  });
});

test('one that returns no function for a later batch fails that batch', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const good: Middleware = (next) => next;
  let made = 0;
  const fickle: Middleware = (next) => (made++ === 0 ? next : (undefined as unknown as ProcessFunction));
  const { error } = await outcome(make(noting([]), { middleware: [good, fickle] }).runToEnd());
  t.true((error as ProcessError).cause instanceof ConfigError);
  t.regex(String(error), /middleware: middleware\[1\] returned undefined: it must return a function/);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

for (const bad of [NaN, -1, 'x', Infinity]) {
  test(`context.wait(${String(bad)}) is refused, so that a broken back-off is no hot loop`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    const { error } = await outcome(
      make({ process: (_messages, _sender, context) => context.wait(bad as number) }).runToEnd(),
    );
    t.true((error as ProcessError).cause instanceof ConfigError);
    t.regex(String(error), /context\.wait: ms must be a number of milliseconds, at least 0, not /);
  });
}

test('a thrown value that cannot become text is the cause of a ProcessError all the same', async (t) => {
  for (const thrown of [
    Object.create(null),
    new (class extends Error {
      override get message(): string {
        throw new Error('no');
      }
    })(),
  ]) {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    const { error } = await outcome(
      make({
        process() {
          throw thrown;
        },
      }).runToEnd(),
    );
    t.true(error instanceof ProcessError);
    t.is((error as ProcessError).cause, thrown);
  }
});

test('an init that never settles is given up after closeTimeoutMs: close and runLoop reject', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const processor = make(
    { process: () => undefined, init: () => new Promise(() => undefined) },
    { closeTimeoutMs: 1000 },
  );
  const run = outcome(processor.runLoop());
  await kafka.quiet();
  const closed = processor.close().catch((error: unknown) => error);
  await clock.advance(1000);
  const error = await closed;
  t.regex(String(error), /close\(\) did not end within closeTimeoutMs \(1000 ms\)/);
  t.is((await run).error, error);
  t.is(processor.state, 'failed');
});

for (const hook of ['onRevoked', 'close'] as const) {
  test(`${hook} that never settles is given up after closeTimeoutMs: close and runLoop reject`, async (t) => {
    const { kafka, clock, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    const processor = make(
      { process: () => undefined, [hook]: () => new Promise(() => undefined) },
      { closeTimeoutMs: 1000, batchWaitMs: 0 },
    );
    const run = outcome(processor.runLoop());
    await kafka.quiet();
    const closed = processor.close().catch((error: unknown) => error);
    await clock.advance(1000);
    const error = await closed;
    t.false(error instanceof LifecycleError);
    t.is((await run).error, error);
    t.is(kafka.committed(GROUP, 'in', 0), 1);
  });
}
