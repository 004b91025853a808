import test, { type ExecutionContext } from 'ava';
import type { ApiName } from '../../source/embedded/index.ts';
import {
  BrokerError,
  CommitError,
  ConfigError,
  FencedError,
  type MessageProcessor,
} from '../../source/index.ts';
import { until } from '../_helpers/until.ts';
import { exactlyOnceJob, valuesIn, type ExactlyOnceJob } from '../_helpers/jobs/exactly-once-job.ts';

const RECORDS = 40;

/** Copies, and counts how often each record is in process. */
function counting(output: string): { processor: MessageProcessor; times: Map<number, number> } {
  const times = new Map<number, number>();
  const processor: MessageProcessor = {
    process: (messages, sender) => {
      for (const { partition, offset, valueText } of messages) {
        times.set(offset, (times.get(offset) ?? 0) + 1);
        sender.send({ topic: output, partition, key: null, value: valueText });
      }
    },
  };
  return { processor, times };
}

/** Each record has its output once, in order, and the offsets are where the outputs are. */
function assertExact(t: ExecutionContext, job: ExactlyOnceJob, what: string): void {
  const { committed, open } = job.outputs();
  t.deepEqual(valuesIn(committed), job.inputs(), what);
  t.deepEqual(open, [], what);
  t.is(job.committed(), job.inputs().length, what);
  // A plain commit would win over that of a transaction.
  t.deepEqual(
    job.cluster.journal.entries.filter(({ request }) => request?.api === 'OffsetCommit'),
    [],
    what,
  );
}

/** Every request of a transaction, and what finds out where it goes and what became of it. */
const requests: readonly ApiName[] = [
  'FindCoordinator',
  'InitProducerId',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'Produce',
  'TxnOffsetCommit',
  'EndTxn',
  'OffsetFetch',
];

for (const api of requests) {
  for (const when of ['before', 'after', 'mid-response', 'late'] as const) {
    test(`${api} whose connection is lost, ${when}: outputs are exact, and process runs once for each record`, async (t) => {
      t.timeout(180_000);
      const job = await exactlyOnceJob(t);
      job.fill(RECORDS);
      const { processor, times } = counting(job.output);
      const faults = [1, 3].map((nth) =>
        when === 'late'
          ? job.cluster.faults.late({ api, nth, afterMs: 30 })
          : job.cluster.faults.drop({ api, nth, when }),
      );
      await job.make({}, processor).runToEnd();
      t.true(faults.some(({ hits }) => hits > 0) || api === 'OffsetFetch' || api === 'FindCoordinator');
      assertExact(t, job, `${api} ${when}`);
      t.deepEqual(
        [...times.values()].filter((each) => each !== 1),
        [],
      );
      t.is(times.size, RECORDS);
    });
  }
}

/** What a broker may answer that did nothing, and will do it, or will do it under another epoch. */
const passing: readonly (readonly [api: ApiName, codes: readonly number[]])[] = [
  ['FindCoordinator', [15]],
  ['InitProducerId', [51, 14, 15, 16]],
  ['AddPartitionsToTxn', [51, 14, 15, 16, 3, 47, 48, 49, 90]],
  ['AddOffsetsToTxn', [51, 14, 15, 16, 47, 48, 49, 90]],
  ['Produce', [6, 7, 19, 45, 47, 48, 59]],
  ['TxnOffsetCommit', [14, 15, 16, 47, 48, 49]],
  ['EndTxn', [51, 14, 15, 16, 47, 48, 49, 90]],
  ['OffsetFetch', [14, 16, 88]],
];

for (const [api, codes] of passing) {
  test(`${api} that is answered ${codes.join(', ')}: outputs are exact`, async (t) => {
    t.timeout(180_000);
    for (const code of codes) {
      const job = await exactlyOnceJob(t);
      job.fill(RECORDS);
      const { processor, times } = counting(job.output);
      const fault = job.cluster.faults.fail({ api, code, nth: api === 'Produce' ? 2 : 1 });
      await job.make({}, processor).runToEnd();
      t.is(fault.hits, 1, `${api} ${code}`);
      assertExact(t, job, `${api} ${code}`);
      t.deepEqual(
        [...times.values()].filter((each) => each !== 1),
        [],
      );
    }
  });
}

test('what was acked in a transaction stays as it was until that has ended: it may have to be sent again', async (t) => {
  t.timeout(120_000);
  const job = await exactlyOnceJob(t);
  job.fill(3);
  // Large enough that the buffer of such a batch would be used again, were there no transaction.
  const large = (text: string | null) => `${text} ${'x'.repeat(100_000)}`;
  const lost = job.cluster.faults.drop({ api: 'EndTxn', nth: 2, when: 'before' });
  const processor: MessageProcessor = {
    process: async (messages, sender) => {
      for (const { valueText } of messages) {
        sender.send({ topic: job.output, key: null, value: large(valueText) });
        await sender.flush();
      }
    },
  };
  await job.make({}, processor).runToEnd();
  t.is(lost.hits, 1);
  t.deepEqual(valuesIn(job.outputs().committed), job.inputs().map(large));
});

test('an offset that is refused for good aborts the transaction, and is a CommitError', async (t) => {
  t.timeout(120_000);
  for (const code of [12, 28, 30]) {
    const job = await exactlyOnceJob(t);
    job.fill(RECORDS);
    job.cluster.faults.fail({ api: 'TxnOffsetCommit', code, nth: 3 });
    const error = await t.throwsAsync(job.make().runToEnd(), { instanceOf: CommitError });
    t.true(error.cause instanceof BrokerError && error.cause.brokerCode === code);
    const { committed, open } = job.outputs();
    t.is(committed.length, job.committed() ?? -1);
    t.deepEqual(open, []);
  }
});

test('a transaction time that the brokers refuse is a ConfigError that names the option', async (t) => {
  const job = await exactlyOnceJob(t);
  job.cluster.faults.fail({ api: 'InitProducerId', code: 50 });
  await t.throwsAsync(job.make().runToEnd(), {
    instanceOf: ConfigError,
    message: /transactionTimeoutMs \(60000 ms\) is more than the brokers allow/,
  });
});

test('whoever lost its transactional id to another process is fenced, and commits nothing more', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(RECORDS);
  let batches = 0;
  const processor = job.make(
    {},
    {
      process: (messages, sender) => {
        if (++batches === 3) job.cluster.faults.fenceTransactionalId(`${job.groupId}-0`);
        for (const { valueText } of messages) sender.send({ topic: job.output, key: null, value: valueText });
      },
    },
  );
  const error = await t.throwsAsync(processor.runToEnd(), { instanceOf: FencedError });
  t.regex(
    error.message,
    /Another process has taken over partition 0: transactional id .*-0 has another owner/,
  );
  const { committed, open } = job.outputs();
  t.is(committed.length, job.committed() ?? -1);
  t.true(committed.length <= 20);
  t.deepEqual(open, []);
  await job.make().runToEnd();
  assertExact(t, job, 'the next owner');
});

test('a transaction that its coordinator has aborted is sent again under a new epoch', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(RECORDS);
  const { processor, times } = counting(job.output);
  const made = job.make(
    {},
    {
      process: async (messages, sender, context) => {
        await processor.process(messages, sender, context);
        await sender.flush();
        if (messages[0]?.offset === 10) job.cluster.faults.abortTransaction(`${job.groupId}-0`);
      },
    },
  );
  await made.runToEnd();
  assertExact(t, job, 'aborted by the coordinator');
  t.is(times.size, RECORDS);
  t.is(made.stats().transactions?.recovered, 1);
  t.is(job.outputs().aborted.length, 10);
});

test('an attempt that had flushed and failed is undone, and what others had flushed is sent again', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  let attempts = 0;
  const processor = job.make(
    {
      middleware: [
        (next) => async (messages, sender, context) => {
          sender.send({ topic: job.output, key: null, value: 'of the middleware' });
          await sender.flush();
          try {
            await next(messages, sender, context);
          } catch {
            await next(messages, sender, context);
          }
        },
      ],
    },
    {
      process: async (messages, sender) => {
        attempts++;
        sender.send({ topic: job.output, key: null, value: `attempt ${attempts} of ${messages.length}` });
        await sender.flush();
        if (attempts === 1) throw new Error('once');
      },
    },
  );
  await processor.runToEnd();
  const { committed, aborted } = job.outputs();
  t.deepEqual(valuesIn(committed), ['of the middleware', 'attempt 2 of 10']);
  t.deepEqual(valuesIn(aborted), ['of the middleware', 'attempt 1 of 10']);
  t.is(processor.stats().transactions?.aborted, 1);
});

test('a run that fails aborts what it has open, so that no reader waits until its time is over', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  const processor = job.make(
    {},
    {
      process: async (messages, sender) => {
        sender.send({ topic: job.output, key: null, value: String(messages.length) });
        await sender.flush();
        throw new Error('failed');
      },
    },
  );
  await t.throwsAsync(processor.runToEnd(), { message: /failed/ });
  const { committed, aborted, open } = job.outputs();
  t.deepEqual([committed, open], [[], []]);
  t.is(aborted.length, 1);
  t.is(job.committed(), 0);
});

test('what is to be recorded with the commit follows the transaction, and the next batch waits for it', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(30);
  const steps: string[] = [];
  const processor = job.make(
    {},
    {
      process: ([first], sender, { beforeCommit, onCommitted }) => {
        const { offset = -1 } = first ?? {};
        steps.push(`process ${offset}`);
        sender.send({ topic: job.output, key: null, value: String(offset) });
        beforeCommit(() => {
          steps.push(`record ${offset}, committed ${String(job.committed())}`);
        });
        onCommitted(() => steps.push(`committed ${offset}`));
      },
    },
  );
  await processor.runToEnd();
  const of = (offset: number) => [
    `process ${offset}`,
    `record ${offset}, committed ${offset + 10}`,
    `committed ${offset}`,
  ];
  t.deepEqual(steps, [...of(0), ...of(10), ...of(20)]);
});

test('what fails after the transaction ends the run, and the batch is not reprocessed', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  const processor = job.make(
    {},
    {
      process: (messages, sender, { beforeCommit }) => {
        sender.send({ topic: job.output, key: null, value: String(messages.length) });
        beforeCommit(() => Promise.reject(new Error('not recorded')));
      },
    },
  );
  await t.throwsAsync(processor.runToEnd(), {
    message:
      /^The step after the transaction failed for .* offsets 0 to 9; outputs and offsets are committed, the batch is not reprocessed\. Error: not recorded$/,
  });
  t.is(job.committed(), 10);
  t.is(job.outputs().committed.length, 1);
});

test('a record that cannot be sent fails the batch, also where process catches it', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(10);
  job.cluster.faults.fail({ api: 'Produce', code: 29 });
  const processor = job.make(
    {},
    {
      process: async (messages, sender) => {
        sender.send({ topic: job.output, key: null, value: String(messages.length) });
        await sender.flush().catch(() => undefined);
      },
    },
  );
  await t.throwsAsync(processor.runToEnd(), { message: /The flush of the sender failed/ });
  const { committed, open } = job.outputs();
  t.deepEqual([committed, open], [[], []]);
  t.is(job.committed(), 0);
});

test('a seek is a transaction of its own, and is committed before it continues', async (t) => {
  const job = await exactlyOnceJob(t);
  job.fill(20);
  const processor = job.make();
  const run = processor.runLoop();
  await until(() => job.committed() === 20, { deadlineMs: 60_000, what: 'the first commit' });
  t.is(await processor.seek(job.input, 0, 15), 15);
  await until(() => job.outputs().committed.length === 25, { deadlineMs: 60_000, what: 'all outputs' });
  await processor.close();
  await run;
  t.deepEqual(valuesIn(job.outputs().committed), [...job.inputs(), ...job.inputs().slice(15)]);
  t.is(job.committed(), 20);
});
