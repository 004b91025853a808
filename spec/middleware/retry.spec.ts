import test from 'ava';
import { type BatchError } from '../../source/batch-error.ts';
import { eachMessage } from '../../source/each-message.ts';
import { ConfigError, FencedError, SendError, UnrecoverableError } from '../../source/kernel/errors.ts';
import type { MessageHandler } from '../../source/each-message.ts';
import { retry, type RetryOptions } from '../../source/middleware/retry.ts';
import { fixture, GROUP, stateOf } from '../_helpers/fakes/processor-run.ts';

/** Sends each message on, unless `fails` gives an error for it. */
function copying(
  seen: string[],
  fails: (value: string, attempt: number) => Error | undefined,
): MessageHandler {
  return ({ key, value, valueText }, sender, { attempt }) => {
    seen.push(`${attempt}:${valueText ?? ''}`);
    sender.send({ topic: 'out', key, value });
    const error = fails(valueText ?? '', attempt);
    if (error !== undefined) throw error;
  };
}

test('a failing handler is called again for the failed message alone, and everything is sent once', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 4);
  const seen: string[] = [];
  const processor = make(
    eachMessage(
      copying(seen, (value, attempt) => (value === 'in1' && attempt < 3 ? new Error('no') : undefined)),
    ),
    { middleware: [retry()] },
  );
  const run = processor.runToEnd();
  await clock.advance(1_000);
  await run;
  t.deepEqual(seen, ['1:in0', '1:in1', '1:in2', '1:in3', '2:in1', '3:in1']);
  t.deepEqual(kafka.values('out').toSorted(), ['in0', 'in1', 'in2', 'in3']);
  t.is(kafka.committed(GROUP, 'in', 0), 4);
  t.deepEqual(processor.stats().tally, { retried: 2, dead_lettered: 0, skipped: 0 });
});

test('any other error has the whole batch run again, with a fresh sender', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 2);
  const run = make(
    {
      process(messages, sender, { attempt }) {
        for (const { value } of messages) sender.send({ topic: 'out', value });
        if (attempt < 5) throw new Error('no');
      },
    },
    { middleware: [retry()] },
  ).runToEnd();
  await clock.advance(10_000);
  await run;
  t.deepEqual(kafka.values('out'), ['in0', 'in1']);
});

test('waits grow from initialMs by factor up to maxMs', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const times: number[] = [];
  const run = outcome(
    make(
      {
        process() {
          times.push(clock.now());
          throw new Error('no');
        },
      },
      { middleware: [retry({ attempts: 5, initialMs: 10, factor: 3, maxMs: 50, jitter: 0 })] },
    ).runToEnd(),
  );
  await clock.advance(10_000);
  await run;
  t.deepEqual(
    times.slice(1).map((time, at) => time - (times[at] ?? 0)),
    [10, 30, 50, 50],
  );
});

test('when all attempts have failed, the last error itself is thrown, and a warning counts them', async (t) => {
  const { kafka, clock, log, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const thrown: Error[] = [];
  const run = outcome(
    make(
      {
        process() {
          thrown.push(new Error(`no ${thrown.length}`));
          throw thrown.at(-1);
        },
      },
      { middleware: [retry({ attempts: 3 })] },
    ).runToEnd(),
  );
  await clock.advance(10_000);
  const { error } = await run;
  t.is(thrown.length, 3);
  t.is((error as Error).cause, thrown[2]);
  const line = log.lines.find(({ message }) => message === 'Retried without success');
  t.like(line, { level: 'warn', fields: { attempts: 3, messages: 1, error: thrown[2] } });
});

test('of a BatchError those that retryIf refuses are not run again, nor those behind them, and all that failed are in the error at the end', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out');
  kafka.append('in', 0, { key: 'a', value: 'a1' }, { key: 'a', value: 'a2' }, { key: 'b', value: 'b1' });
  kafka.append('in', 0, { key: 'b', value: 'b2' }, { key: 'c', value: 'c1' }, { key: 'd', value: 'd1' });
  const seen: string[] = [];
  const poison = new UnrecoverableError('poison');
  const error = (await (async () => {
    const run = outcome(
      make(
        eachMessage(
          copying(seen, (value, attempt) => {
            if (value === 'a1') return poison;
            if (value === 'b1' && attempt === 1) return new Error('once');
            return value === 'c1' ? new Error('always') : undefined;
          }),
        ),
        { middleware: [retry({ attempts: 2 })] },
      ).runToEnd(),
    );
    await clock.advance(10_000);
    return run;
  })()) as { error: Error };
  t.deepEqual(seen, ['1:a1', '1:b1', '1:c1', '1:d1', '2:b1', '2:b2', '2:c1']);
  const { failures } = error.error.cause as BatchError;
  t.deepEqual(
    failures.map(({ message, notRun }) => [message.valueText, notRun === true]),
    [
      ['a1', false],
      ['a2', true],
      ['c1', false],
    ],
  );
  t.is(failures[0]?.error, poison);
});

test('when only refused messages are left, their BatchError is thrown without a further attempt', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  const seen: string[] = [];
  const run = outcome(
    make(
      eachMessage(
        copying(seen, (value, attempt) => {
          if (value === 'in0') return new Error('refused');
          return value === 'in1' && attempt === 1 ? new Error('again') : undefined;
        }),
      ),
      { middleware: [retry({ retryIf: (error) => (error as Error).message === 'again' })] },
    ).runToEnd(),
  );
  await clock.advance(10_000);
  const { failures } = ((await run).error as Error).cause as BatchError;
  t.deepEqual(seen, ['1:in0', '1:in1', '1:in2', '2:in1']);
  t.deepEqual(
    failures.map(({ message }) => message.valueText),
    ['in0'],
  );
});

const refused = {
  'an UnrecoverableError': new UnrecoverableError('no'),
  'a FencedError': new FencedError('no'),
  'a KasperError that is not retriable': new SendError('no'),
};
for (const [name, error] of Object.entries(refused)) {
  test(`${name} is thrown on immediately`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    let calls = 0;
    const thrown = await outcome(
      make(
        {
          process() {
            calls++;
            throw error;
          },
        },
        { middleware: [retry()] },
      ).runToEnd(),
    );
    t.is(calls, 1);
    t.true([thrown.error, (thrown.error as Error).cause].includes(error));
  });
}

test('a retryIf that throws refuses, and is logged', async (t) => {
  const { kafka, log, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const error = new Error('no');
  const retryIf = () => {
    throw new TypeError('mistake');
  };
  const thrown = await outcome(
    make(
      {
        process() {
          throw error;
        },
      },
      { middleware: [retry({ retryIf })] },
    ).runToEnd(),
  );
  t.is((thrown.error as Error).cause, error);
  t.true(log.messages('error').includes('retryIf of retry threw, and is taken for false'));
});

test('a close in mid-wait ends it, and nothing is committed', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  let calls = 0;
  const processor = make(
    {
      process() {
        calls++;
        throw new Error('no');
      },
    },
    { middleware: [retry({ initialMs: 60_000, maxMs: 60_000 })] },
  );
  const run = outcome(processor.runLoop());
  await clock.advance(2_000);
  t.is(calls, 1);
  await processor.close();
  t.true((await run).ok);
  t.is(calls, 1);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('processTimeoutMs ends attempts and waits together', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const run = outcome(
    make(
      {
        process() {
          throw new Error('no');
        },
      },
      { middleware: [retry({ attempts: 1000, initialMs: 1000, maxMs: 1000 })], processTimeoutMs: 5_000 },
    ).runToEnd(),
  );
  await clock.advance(60_000);
  t.regex(String((await run).error), /did not end within processTimeoutMs \(5000 ms\)/);
});

test('elapsedMs ends the attempts', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  let calls = 0;
  const run = outcome(
    make(
      {
        process() {
          calls++;
          throw new Error('no');
        },
      },
      { middleware: [retry({ attempts: 100, initialMs: 1000, factor: 1, jitter: 0, elapsedMs: 3_500 })] },
    ).runToEnd(),
  );
  await clock.advance(60_000);
  await run;
  t.is(calls, 4);
});

test('of two partitions one waits for its next attempt, and the other goes on', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 1).fill('in', 1, 50);
  const run = make(
    {
      process(messages, sender, { attempt }) {
        if (messages[0]?.partition === 0 && attempt === 1) throw new Error('no');
        for (const { value } of messages) sender.send({ topic: 'out', value });
      },
    },
    { inputPartitions: [0, 1], middleware: [retry({ initialMs: 30_000, maxMs: 30_000 })] },
  ).runToEnd();
  await clock.advance(5_000);
  t.is(await stateOf(run), 'pending');
  t.is(kafka.committed(GROUP, 'in', 1), 50);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  await clock.advance(60_000);
  await run;
  t.is(kafka.committed(GROUP, 'in', 0), 1);
});

test('options that make no sense are refused together', (t) => {
  const bad = { attempts: 0, initialMs: -1, maxMs: NaN, factor: 0.5, jitter: 2, elapsedMs: 'x', retryIf: 1 };
  const error = t.throws(() => retry(bad as unknown as RetryOptions), { instanceOf: ConfigError });
  t.is(error.problems.length, 7, error.message);
  t.throws(() => retry({ attemps: 3 } as RetryOptions), {
    instanceOf: ConfigError,
    message: "retry: unknown option 'attemps'; did you mean 'attempts'?",
  });
});
