import test from 'ava';
import { PrometheusMetrics } from '../metrics/prometheus.ts';
import { BatchError } from '../source/batch-error.ts';
import type { BatchReport } from '../source/batch-report.ts';
import { eachMessage } from '../source/each-message.ts';
import { ConfigError, LifecycleError } from '../source/kernel/errors.ts';
import { noTally, type MessageOutcome } from '../source/message-tally.ts';
import type { MessageFailure, ProcessContext } from '../source/message-processor.ts';
import type { Middleware } from '../source/middleware/middleware.ts';
import { fixture } from './_helpers/fakes/processor-run.ts';

test('what is counted by context.tally is in the reports, and once committed in stats, log and metrics', async (t) => {
  const { kafka, log, make } = fixture(t);
  kafka.createTopic('in', 2).fill('in', 0, 30).fill('in', 1, 5);
  const metrics = new PrometheusMetrics();
  const reports: BatchReport[] = [];
  const processor = make(
    {
      process(messages, _sender, { tally, partition }) {
        tally('skipped', messages.length);
        tally('skipped', 0);
        tally('retried', 1);
        if (partition === 1) tally('dead_lettered', 2);
      },
    },
    { inputPartitions: [0, 1], metrics },
  );
  processor.on('batch', (report) => reports.push(report));
  await processor.runToEnd();
  const expected = { retried: 4, dead_lettered: 2, skipped: 35 };
  t.deepEqual(processor.stats().tally, expected);
  t.true(Object.isFrozen(processor.stats().tally));
  for (const { partition, records, tally } of reports)
    t.deepEqual(tally, { retried: 1, dead_lettered: partition * 2, skipped: records });
  const { fields } = log.lines.at(-1) ?? {};
  t.like(fields, expected);
  const text = (await metrics.expose('text')).body;
  for (const [outcome, count] of Object.entries(expected))
    t.regex(
      text,
      new RegExp(`kasper_messages_total\\{topic_processor="spec",outcome="${outcome}"\\} ${count}\\n`),
    );
});

test('a batch of which nothing is counted has the tally that all such batches share', async (t) => {
  const { kafka, log, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  const reports: BatchReport[] = [];
  const processor = make({ process: () => undefined });
  processor.on('batch', (report) => reports.push(report));
  await processor.runToEnd();
  t.is(reports.length, 4);
  t.true(reports.every(({ tally }) => tally === noTally));
  t.deepEqual(processor.stats().tally, { retried: 0, dead_lettered: 0, skipped: 0 });
  t.false('skipped' in (log.lines.at(-1)?.fields ?? {}));
});

test('what an attempt that failed has counted is forgotten, and kept of one that ended with a BatchError', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const thrice: Middleware = (next) => async (messages, sender, context) => {
    context.tally('retried', 7);
    await t.throwsAsync(async () => next(messages, sender, context), { message: 'no' });
    await t.throwsAsync(async () => next(messages, sender, context), { instanceOf: BatchError });
    await next(messages, sender, context);
  };
  const processor = make(
    {
      process(messages, _sender, { attempt, tally }) {
        tally('skipped', 10 ** attempt);
        if (attempt === 1) throw new Error('no');
        if (attempt === 2) throw new BatchError(messages.map((message) => ({ message, error: 1 })));
      },
    },
    { middleware: [thrice] },
  );
  await processor.runToEnd();
  t.deepEqual(processor.stats().tally, { retried: 7, dead_lettered: 0, skipped: 1100 });
});

test('nothing is counted of a batch that fails', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const processor = make({
    process(_messages, _sender, { tally, beforeCommit }) {
      tally('skipped', 1);
      beforeCommit(() => {
        throw new Error('no');
      });
    },
  });
  t.false((await outcome(processor.runToEnd())).ok);
  t.deepEqual(processor.stats().tally, noTally);
});

test('another outcome, another count, and a call after process has ended are refused', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  let ended: ProcessContext | undefined;
  await make({
    process(_messages, _sender, context) {
      ended = context;
      const error = t.throws(
        () => {
          context.tally('lost' as MessageOutcome, 0.5);
        },
        {
          instanceOf: ConfigError,
        },
      );
      t.deepEqual(error.problems, [
        "the outcome must be retried, dead_lettered, skipped, not 'lost'",
        'the count must be a whole number, at least 0, not 0.5',
      ]);
    },
  }).runToEnd();
  t.throws(() => ended?.tally('skipped', 1), {
    instanceOf: LifecycleError,
    message: 'context.tally() was called after process had ended. Is an await missing in process?',
  });
});

test('process is given the group and the clock of its processor', async (t) => {
  const { kafka, clock, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  await make({
    process(_messages, _sender, context) {
      t.is(context.clock, clock);
      t.is(context.groupId, 'kasper-topic-processor-spec');
    },
  }).runToEnd();
});

test('eachMessage says of which messages it did not try any, with the error of the one before as cause', async (t) => {
  const { kafka, make } = fixture(t);
  kafka
    .createTopic('in')
    .append('in', 0, { key: 'a', value: 'bad' }, { key: 'a' }, { key: 'b' }, { value: 'bad' });
  const error = new Error('no');
  let failures: readonly MessageFailure[] = [];
  const caught: Middleware =
    (next) =>
    async (...args) => {
      const thrown = await t.throwsAsync(async () => next(...args), { instanceOf: BatchError });
      ({ failures } = thrown);
    };
  const handler = eachMessage(({ valueText }) => {
    if (valueText === 'bad') throw error;
  });
  await make(handler, { middleware: [caught] }).runToEnd();
  t.deepEqual(
    failures.map(({ message, notRun }) => [message.offset, notRun]),
    [
      [0, undefined],
      [1, true],
      [3, undefined],
    ],
  );
  t.is((failures[1]?.error as Error).cause, error);
});
