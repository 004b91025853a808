import test from 'ava';
import {
  AssignmentError,
  BrokerError,
  CommitError,
  ConfigError,
  LifecycleError,
  OffsetOutOfRangeError,
} from '../source/kernel/errors.ts';
import type { SeekTarget } from '../source/seek-target.ts';
import type { TopicProcessor } from '../source/topic-processor.ts';
import { fixture, GROUP, noting, type SeenBatch, valuesOf } from './_helpers/fakes/processor-run.ts';

const refused: readonly (readonly [
  title: string,
  args: readonly [topic: string, partition: number, to: unknown],
  error: new (...args: never[]) => Error,
  message: RegExp,
])[] = [
  ['no offset', ['in', 0, 'last'], ConfigError, /must be an offset.*not 'last'/],
  ['a negative offset', ['in', 0, -1], ConfigError, /not -1/],
  ['a fraction', ['in', 0, 1.5], ConfigError, /not 1\.5/],
  ['a Date that is none', ['in', 0, new Date(NaN)], ConfigError, /must be an offset/],
  ['a timestamp that is no number', ['in', 0, { timestamp: '1' }], ConfigError, /not \{ timestamp: '1' \}/],
  ['nothing', ['in', 0, undefined], ConfigError, /not undefined/],
  ['another topic', ['out', 0, 0], AssignmentError, /out\/0 is not read here; inputTopics are in,/],
  ['another partition', ['in', 1, 0], AssignmentError, /in\/1 is not read here.*inputPartitions are 0/],
  ['an offset before the log', ['in', 0, 1], OffsetOutOfRangeError, /offset 1 of in\/0.*holds 2 to 5/],
  ['an offset past the log', ['in', 0, 6], OffsetOutOfRangeError, /offset 6 of in\/0.*holds 2 to 5/],
];

for (const [title, [topic, partition, to], instanceOf, message] of refused) {
  test(`seek refuses ${title}, and the run goes on`, async (t) => {
    const { kafka, make, clock } = fixture(t);
    kafka.createTopic('in', 2).createTopic('out').fill('in', 0, 5).deleteBefore('in', 0, 2);
    const batches: SeenBatch[] = [];
    const processor = make(noting(batches));
    const run = processor.runLoop();
    await kafka.quiet();
    await t.throwsAsync(processor.seek(topic, partition, to as SeekTarget), { instanceOf, message });
    t.deepEqual(kafka.callsOf('seek'), []);
    await clock.advance(1000);
    t.deepEqual(valuesOf(batches), ['in2', 'in3', 'in4']);
    await processor.close();
    await run;
  });
}

test('seek is refused while it is not running: before, while it starts, while it closes, and after', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]));
  const refusal = async (state: string) => {
    const error = await t.throwsAsync(processor.seek('in', 0, 0), { instanceOf: LifecycleError });
    t.true(error.message.includes(`'${state}'`), error.message);
  };
  await refusal('new');
  const run = processor.runLoop();
  await refusal('starting');
  await kafka.quiet();
  const closed = processor.close();
  await refusal('closing');
  await closed;
  await refusal('closed');
  await run;
});

const insideCalls: readonly (readonly [string, (seek: () => Promise<unknown>) => Promise<void>])[] = [
  [
    'at once',
    async (seek) => {
      await seek();
    },
  ],
  [
    'after an await',
    async (seek) => {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      await seek();
    },
  ],
  [
    'two calls deep, after an await',
    async (seek) => {
      await (async () => {
        await Promise.resolve();
        await seek();
      })();
    },
  ],
];

for (const [title, call] of insideCalls) {
  for (const middleware of [false, true]) {
    test(`seek from inside process, ${title}, is refused${middleware ? ', also behind middleware' : ''}`, async (t) => {
      const { kafka, make, outcome } = fixture(t);
      kafka.createTopic('in', 2).fill('in', 0, 10);
      const made: { processor?: TopicProcessor } = {};
      made.processor = make(
        {
          process: (_messages, _sender, context) =>
            call(async () => made.processor?.seek('in', 1 - context.partition, 0)),
        },
        {
          inputPartitions: [0, 1],
          middleware: middleware
            ? [
                (next) =>
                  async (...args) =>
                    next(...args),
              ]
            : [],
        },
      );
      const { error } = await outcome(made.processor.runLoop());
      t.true((error as Error).cause instanceof LifecycleError, String(error));
      t.regex(String((error as Error).cause), /from inside process/);
      t.deepEqual(kafka.callsOf('seek'), []);
    });
  }
}

test('seek may be called from onCommitted, and from a listener', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const seeks: Promise<number>[] = [];
  const batches: SeenBatch[] = [];
  const made: { processor?: TopicProcessor } = {};
  const seekOnce = (count: number) => {
    if (made.processor !== undefined && seeks.length === count) seeks.push(made.processor.seek('in', 0, 0));
  };
  const processor = make(
    noting(batches, (_messages, _sender, context) => {
      context.onCommitted(() => {
        seekOnce(0);
      });
    }),
  );
  made.processor = processor;
  processor.on('batch', ({ step }) => {
    if (step === 'processed' && batches.length === 2) seekOnce(1);
  });
  const run = processor.runLoop();
  await kafka.quiet();
  t.deepEqual(await Promise.all(seeks), [0, 0]);
  t.is(batches.length, 3);
  await processor.close();
  await run;
});

test('a seek under way when the processor closes is given up, and commits nothing', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  let goOn: (() => void) | undefined;
  const processor = make({
    process: () =>
      new Promise<void>((resolve) => {
        goOn = resolve;
      }),
  });
  const run = processor.runLoop();
  await kafka.quiet();
  const seek = processor.seek('in', 0, 2);
  await kafka.quiet();
  const closed = processor.close();
  goOn?.();
  await t.throwsAsync(seek, { instanceOf: LifecycleError });
  await closed;
  await run;
  t.is(kafka.committed(GROUP, 'in', 0), 10);
});

test('a batch in hand that fails fails the run and the seek; nothing is committed for it', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  let fail: ((error: Error) => void) | undefined;
  const processor = make({
    process: () =>
      new Promise<void>((_resolve, reject) => {
        fail = reject;
      }),
  });
  const run = outcome(processor.runLoop());
  await kafka.quiet();
  const seek = processor.seek('in', 0, 7);
  await kafka.quiet();
  fail?.(new Error('broken'));
  await t.throwsAsync(seek, { instanceOf: LifecycleError });
  t.false((await run).ok);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('a position that cannot be committed fails the run and the seek', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const processor = make(noting([]));
  const run = outcome(processor.runLoop());
  await kafka.quiet();
  kafka.fail('commitOffset', new BrokerError('no', { brokerCode: 30, brokerError: 'NO', retriable: false }), {
    where: ({ offset }) => offset === 2,
  });
  const error = await t.throwsAsync(processor.seek('in', 0, 2), { instanceOf: LifecycleError });
  t.true(error.cause instanceof CommitError);
  t.true((await run).error instanceof CommitError);
});
