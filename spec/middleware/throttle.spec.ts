import test from 'ava';
import { BatchError } from '../../source/batch-error.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { retry } from '../../source/middleware/retry.ts';
import { throttle, type ThrottleOptions } from '../../source/middleware/throttle.ts';
import { fixture, GROUP, stateOf } from '../_helpers/fakes/processor-run.ts';

test('a batch of any size passes, and the one after it waits until the debt is paid', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 40);
  const times: number[] = [];
  const began = clock.now();
  const run = make(
    { process: () => void times.push(clock.now() - began) },
    { middleware: [throttle({ recordsPerSecond: 5 })] },
  ).runToEnd();
  await clock.advance(60_000);
  await run;
  // A second's worth is there at the beginning.
  t.deepEqual(times, [0, 1_000, 3_000, 5_000]);
});

test('bytesPerSecond counts the bytes of the messages', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 20, { bytes: 100 });
  const times: number[] = [];
  const began = clock.now();
  const run = make(
    { process: () => void times.push(clock.now() - began) },
    { middleware: [throttle({ bytesPerSecond: 500 })], batchBytes: 1_000 },
  ).runToEnd();
  await clock.advance(60_000);
  await run;
  t.deepEqual(times, [0, 1_000]);
});

test('two partitions share the bucket, first come, first served, and one that waits lets others in', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 20).fill('in', 1, 20);
  const seen: [number, number][] = [];
  const began = clock.now();
  const run = make(
    {
      process(_messages, _sender, { partition }) {
        seen.push([clock.now() - began, partition]);
      },
    },
    { inputPartitions: [0, 1], middleware: [throttle({ recordsPerSecond: 10 })] },
  ).runToEnd();
  await clock.advance(60_000);
  await run;
  t.deepEqual(
    seen.map(([at]) => at),
    [0, 0, 1_000, 2_000],
  );
  t.deepEqual(seen.map(([, partition]) => partition).toSorted(), [0, 0, 1, 1]);
});

test('a failing handler, also by a BatchError, passes the bucket again with each attempt', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const times: number[] = [];
  const began = clock.now();
  const run = make(
    {
      process(messages, _sender, { attempt }) {
        times.push(clock.now() - began);
        if (attempt === 1) throw new Error('no');
        if (attempt === 2) throw new BatchError(messages.slice(5).map((message) => ({ message, error: 1 })));
      },
    },
    { middleware: [retry({ initialMs: 0, maxMs: 0 }), throttle({ recordsPerSecond: 5 })] },
  ).runToEnd();
  await clock.advance(60_000);
  await run;
  t.deepEqual(times, [0, 1_000, 3_000]);
});

test('what a handler throws passes as it is, also a BatchError', async (t) => {
  for (const thrown of [new Error('no'), undefined]) {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 1);
    let error: Error | undefined = thrown;
    const processor = make(
      {
        process(messages) {
          error ??= new BatchError(messages.map((message) => ({ message, error: 1 })));
          throw error;
        },
      },
      { middleware: [throttle({ recordsPerSecond: 5 })] },
    );
    t.is(((await outcome(processor.runToEnd())).error as Error).cause, error);
  }
});

test('a close in mid-wait ends it, and nothing is committed', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 20);
  let calls = 0;
  const processor = make(
    {
      process() {
        calls++;
      },
    },
    { middleware: [throttle({ recordsPerSecond: 0.1 })] },
  );
  const run = processor.runLoop();
  await clock.advance(2_000);
  t.is(await stateOf(run), 'pending');
  await processor.close();
  await run;
  t.is(calls, 1);
  t.is(kafka.committed(GROUP, 'in', 0), 10);
});

test('a rate at which a batch takes longer than processTimeoutMs is a ConfigError, and one at which all partitions together do is warned of', async (t) => {
  const { kafka, log, make } = fixture(t);
  kafka.createTopic('in', 3);
  const options = { batchSize: 100, processTimeoutMs: 50_000, inputPartitions: [0, 1, 2] };
  const at = (recordsPerSecond: number) =>
    make({ process: () => undefined }, { ...options, middleware: [throttle({ recordsPerSecond })] });
  t.throws(() => at(2), {
    instanceOf: ConfigError,
    message: /a batch of batchSize \(100\) takes 50000 ms at 2 a second, and processTimeoutMs is 50000/,
  });
  await at(4).runToEnd();
  t.regex(log.warnings().join(), /full batches of 3 partitions take 75000 ms together/);
});

test('one rate is needed, above 0', (t) => {
  for (const options of [
    {},
    { recordsPerSecond: 0 },
    { bytesPerSecond: '5' },
    { recordsPerSecond: 1, bytesPerSecond: 1 },
    { rate: 1 },
  ])
    t.throws(() => throttle(options as ThrottleOptions), { instanceOf: ConfigError });
});
