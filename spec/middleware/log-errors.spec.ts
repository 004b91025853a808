import test from 'ava';
import { eachMessage } from '../../source/each-message.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { logErrors, type LogErrorsOptions } from '../../source/middleware/log-errors.ts';
import { retry } from '../../source/middleware/retry.ts';
import { fixture } from '../_helpers/fakes/processor-run.ts';
import { boom } from '../_helpers/fakes/line-jobs.ts';

test('a failing handler is logged with attempt, partition and offsets, at each attempt, and thrown on', async (t) => {
  const { kafka, clock, log, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const run = outcome(
    make(
      {
        process() {
          throw boom;
        },
      },
      { middleware: [retry({ attempts: 2 }), logErrors({ level: 'info' })] },
    ).runToEnd(),
  );
  await clock.advance(10_000);
  t.is(((await run).error as Error).cause, boom);
  const ranges = [{ topic: 'in', partition: 0, first: 0, last: 2 }];
  t.deepEqual(
    log.lines.filter(({ message }) => message === 'Processing failed'),
    [1, 2].map((attempt) => ({
      level: 'info',
      message: 'Processing failed',
      fields: { attempt, partition: 0, ranges, error: boom },
    })),
  );
});

test('of a BatchError it says how many messages failed, and of which offsets the attempt was', async (t) => {
  const { kafka, clock, log, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 4);
  const run = make(
    eachMessage(({ offset }, _sender, { attempt }) => {
      if (offset > 0 && attempt + offset < 4) throw boom;
    }),
    { middleware: [retry(), logErrors()] },
  ).runToEnd();
  await clock.advance(10_000);
  await run;
  const lines = log.lines.filter(({ message }) => message === 'Processing failed');
  t.deepEqual(
    lines.map(({ level, fields }) => [level, fields?.['failed'], fields?.['ranges']]),
    [
      ['warn', 2, [{ topic: 'in', partition: 0, first: 0, last: 3 }]],
      ['warn', 1, [{ topic: 'in', partition: 0, first: 1, last: 2 }]],
    ],
  );
});

test('a close in mid-wait is no error', async (t) => {
  const { kafka, clock, log, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const processor = make(
    { process: (_messages, _sender, { wait }) => wait(60_000) },
    { middleware: [logErrors()] },
  );
  const run = processor.runLoop();
  await clock.advance(2_000);
  await processor.close();
  await run;
  t.false(log.lines.some(({ message }) => message === 'Processing failed'));
});

test('of two partitions each error names its own', async (t) => {
  const { kafka, clock, log, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 1).fill('in', 1, 1);
  const run = make(
    {
      process(_messages, _sender, { attempt }) {
        if (attempt === 1) throw boom;
      },
    },
    { inputPartitions: [0, 1], middleware: [retry(), logErrors()] },
  ).runToEnd();
  await clock.advance(10_000);
  await run;
  const lines = log.lines.filter(({ message }) => message === 'Processing failed');
  t.deepEqual(lines.map(({ fields }) => fields?.['partition']).toSorted(), [0, 1]);
});

test('another level or option is refused', (t) => {
  for (const options of [{ level: 'warning' }, { levels: 'warn' }])
    t.throws(() => logErrors(options as LogErrorsOptions), { instanceOf: ConfigError });
});
