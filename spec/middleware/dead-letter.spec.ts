import test from 'ava';
import { BatchError } from '../../source/batch-error.ts';
import { eachMessage } from '../../source/each-message.ts';
import {
  ConfigError,
  CodecError,
  KasperError,
  ProduceError,
  StoreError,
  UnrecoverableError,
} from '../../source/kernel/errors.ts';
import type { ConsumerMessage } from '../../source/message.ts';
import { deadLetter, type DeadLetterOptions } from '../../source/middleware/dead-letter.ts';
import { retry } from '../../source/middleware/retry.ts';
import { fixture, GROUP, stateOf } from '../_helpers/fakes/processor-run.ts';
import { boom } from '../_helpers/fakes/line-jobs.ts';

/** Sends each message on; one whose value begins with `bad` fails. */
const copying = eachMessage(({ key, value, valueText }, sender) => {
  sender.send({ topic: 'out', key, value });
  if (valueText?.startsWith('bad') === true) throw boom;
});

function headersOf({ headers }: ConsumerMessage): (readonly [string, string | undefined])[] {
  return [...headers].map(([name, value]) => [name, value?.toString()]);
}

test('a failing handler has its message set aside, with its headers first, and then where it is from and why', async (t) => {
  const { kafka, log, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq').fill('in', 0, 2);
  const headers = [
    ['a', Buffer.from('1')],
    ['a', null],
    ['__dlq.errors.delivery.count', Buffer.from('2')],
    ['__dlq.errors.topic', Buffer.from('old')],
  ] as const;
  kafka.append('in', 0, { key: 'k', value: 'bad', headers, timestamp: 1234 }, 'more');
  const processor = make(copying, { middleware: [deadLetter()] });
  await processor.runToEnd();
  t.deepEqual(kafka.values('out'), ['in0', 'in1', 'more']);
  t.is(kafka.committed(GROUP, 'in', 0), 4);
  t.deepEqual(processor.stats().tally, { retried: 0, dead_lettered: 1, skipped: 0 });
  const [letter, ...others] = kafka.records('in.dlq');
  t.deepEqual(others, []);
  t.like(letter, { keyText: 'k', valueText: 'bad', timestamp: 1234 });
  const found = headersOf(letter as ConsumerMessage);
  t.deepEqual(
    found.filter(([name]) => name !== '__dlq.errors.stacktrace'),
    [
      ['a', '1'],
      ['a', undefined],
      ['__dlq.errors.topic', 'in'],
      ['__dlq.errors.partition', '0'],
      ['__dlq.errors.offset', '2'],
      ['__dlq.errors.group', GROUP],
      ['__dlq.errors.delivery.count', '3'],
      ['__dlq.errors.message', 'boom'],
      ['__dlq.errors.exception', 'Error'],
      ['__dlq.errors.stage', 'process'],
    ],
  );
  t.is(letter?.headers.get('__dlq.errors.stacktrace')?.toString(), boom.stack);
  const line = log.lines.find(({ message }) => message === 'Set aside as dead letters');
  t.like(line, {
    level: 'warn',
    fields: { messages: 1, topic: 'in.dlq', from: 'in', offset: 2, error: boom },
  });
});

test('messages that were not run because of a dead letter are run after it, in rounds, in their order', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq');
  for (const value of ['a1', 'bad1', 'a2', 'bad2', 'a3']) kafka.append('in', 0, { key: 'a', value });
  await make(copying, { middleware: [deadLetter(), retry({ attempts: 1 })] }).runToEnd();
  t.deepEqual(kafka.values('out'), ['a1', 'a2', 'a3']);
  t.deepEqual(kafka.values('in.dlq'), ['bad1', 'bad2']);
  t.is(kafka.committed(GROUP, 'in', 0), 5);
});

test('dead letters are acked before the messages behind them are run, and before the batch is flushed', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq');
  kafka.append('in', 0, 'good', { key: 'a', value: 'bad' }, { key: 'a', value: 'behind' });
  const gate = kafka.hold('produce');
  const seen: string[] = [];
  const run = make(
    eachMessage(({ valueText }, sender) => {
      seen.push(valueText ?? '');
      sender.send({ topic: 'out', value: valueText });
      if (valueText === 'bad') throw boom;
    }),
    { middleware: [deadLetter()] },
  ).runToEnd();
  await kafka.quiet();
  t.deepEqual(seen, ['good', 'bad']);
  t.deepEqual(
    gate.waiting.map(({ topic }) => topic),
    ['in.dlq'],
  );
  gate.open();
  await run;
  t.deepEqual(seen, ['good', 'bad', 'behind']);
});

test('an error of the whole batch passes: it has no culprit', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 1);
  const { error } = await outcome(
    make(
      {
        process() {
          throw boom;
        },
      },
      { middleware: [deadLetter()] },
    ).runToEnd(),
  );
  t.is((error as Error).cause, boom);
  t.deepEqual(kafka.values('in.dlq'), []);
});

const withCode = (code: string) => Object.assign(new Error('connect'), { code });
const outages: Record<string, unknown> = {
  'a StoreError that is retriable': new StoreError('no', { store: 's', operation: 'get', retriable: true }),
  'a refused connection': withCode('ECONNREFUSED'),
  'an error of undici, as the cause of another one': new TypeError('fetch failed', {
    cause: withCode('UND_ERR_SOCKET'),
  }),
  'a name that is not found, among several': new AggregateError([withCode('ENOTFOUND')]),
  'an abort': AbortSignal.abort().reason as unknown,
  'a time that is over': new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
};
for (const [name, error] of Object.entries(outages)) {
  test(`nothing is set aside in an outage: ${name}`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 3);
    const failed = await outcome(
      make(
        eachMessage(({ offset }) => {
          if (offset === 1) throw error as Error;
          if (offset === 2) throw boom;
        }),
        { middleware: [deadLetter()] },
      ).runToEnd(),
    );
    const { failures } = (failed.error as Error).cause as BatchError;
    t.deepEqual(
      failures.map((failure) => failure.error),
      [error, boom],
    );
    t.deepEqual(kafka.values('in.dlq'), []);
    t.is(kafka.committed(GROUP, 'in', 0), 0);
  });
}

const poisons: Record<string, readonly [error: unknown, exception: string, message: string]> = {
  'a CodecError': [new CodecError('bad JSON'), 'CODEC', 'bad JSON'],
  'an UnrecoverableError': [new UnrecoverableError('no such customer'), 'UNRECOVERABLE', 'no such customer'],
  'a StoreError that is not retriable': [
    new StoreError('key too long', { store: 's', operation: 'get' }),
    'STORE',
    'key too long',
  ],
  'an error with a code': [Object.assign(new Error('gone'), { code: 'E_GONE' }), 'E_GONE', 'gone'],
  'text that was thrown': ['odd', 'string', 'odd'],
};
for (const [name, [error, exception, message]] of Object.entries(poisons)) {
  test(`${name} is set aside`, async (t) => {
    const { kafka, make } = fixture(t);
    kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 1);
    await make(
      eachMessage(() => {
        throw error as Error;
      }),
      { middleware: [deadLetter()] },
    ).runToEnd();
    const [letter] = kafka.records('in.dlq');
    t.is(letter?.headers.get('__dlq.errors.exception')?.toString(), exception);
    t.is(letter?.headers.get('__dlq.errors.message')?.toString(), message);
  });
}

test('when decides, and one failure that it does not admit lets all pass; one that throws does not admit', async (t) => {
  for (const when of [
    (error: unknown) => (error as Error).message === 'yes',
    () => {
      throw new Error('mistake');
    },
  ]) {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 2);
    const { ok } = await outcome(
      make(
        eachMessage(({ offset }) => {
          throw new Error(offset === 0 ? 'yes' : 'no');
        }),
        { middleware: [deadLetter({ when })] },
      ).runToEnd(),
    );
    t.false(ok);
    t.deepEqual(kafka.values('in.dlq'), []);
  }
});

for (const [failing, maxShare, isSetAside] of [
  [5, undefined, true],
  [6, undefined, false],
  [2, 0.1, false],
  [10, 1, true],
] as const) {
  test(`of a batch of ten, ${failing} are ${isSetAside ? '' : 'not '}set aside with maxShare ${maxShare ?? 'by default'}`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('out').createTopic('in.dlq');
    for (let at = 0; at < 10; at++) kafka.append('in', 0, { key: 'k', value: at < failing ? 'bad' : 'good' });
    const options = maxShare === undefined ? {} : { maxShare };
    const { ok } = await outcome(make(copying, { middleware: [deadLetter(options)] }).runToEnd());
    t.is(ok, isSetAside);
    t.is(kafka.committed(GROUP, 'in', 0), isSetAside ? 10 : 0);
    t.is(kafka.values('out').length, isSetAside ? 10 - failing : 0);
  });
}

test('of a batch of nine all may be poison', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq').fill('in', 0, 9, { value: 'bad' });
  await make(copying, { middleware: [deadLetter()] }).runToEnd();
  t.is(kafka.values('in.dlq').length, 9);
});

test('when dead letters cannot be written the original error is thrown, with the ProduceError beside it', async (t) => {
  const { kafka, log, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq').append('in', 0, 'good', 'bad');
  kafka.fail('produce', new Error('full'), { where: ({ topic }) => topic === 'in.dlq' });
  const processor = make(copying, { middleware: [deadLetter()] });
  const { error } = await outcome(processor.runToEnd());
  const cause = (error as Error).cause as BatchError;
  t.true(cause instanceof BatchError);
  t.is(cause.failures[0]?.error, boom);
  t.true(cause.suppressed[0] instanceof ProduceError);
  t.true(log.messages('error').includes('Dead letters could not be written'));
  t.deepEqual(kafka.values('out'), []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  t.is(processor.stats().tally.dead_lettered, 0);
});

test('a batch that fails later writes its dead letters again when it is reprocessed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('in.dlq').append('in', 0, 'good', 'bad');
  kafka.fail('produce', new Error('full'), { where: ({ topic }) => topic === 'out' });
  t.false((await outcome(make(copying, { middleware: [deadLetter()] }).runToEnd())).ok);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  await make(copying, { middleware: [deadLetter()] }).runToEnd();
  t.deepEqual(kafka.values('out'), ['good']);
  t.deepEqual(kafka.values('in.dlq'), ['bad', 'bad']);
});

for (const [size, stack, message] of [
  [1_200, undefined, 'm'.repeat(500)],
  [1_600, undefined, 'm'.repeat(200)],
  [1_950, 'none', ''],
] as const) {
  test(`a dead letter of a value of ${size} bytes is made to fit into maxRecordBytes`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka
      .createTopic('in')
      .createTopic('in.dlq')
      .fill('in', 0, 1, { value: 'v'.repeat(size) });
    const failing = eachMessage(() => {
      throw new Error('m'.repeat(500));
    });
    const { ok } = await outcome(
      make(failing, { middleware: [deadLetter()], maxRecordBytes: 2_100 }).runToEnd(),
    );
    t.is(ok, stack === undefined);
    const letters = kafka.records('in.dlq');
    t.is(letters.length, ok ? 1 : 0);
    if (!ok) return;
    t.is(letters[0]?.headers.get('__dlq.errors.stacktrace'), undefined);
    t.is(letters[0]?.headers.get('__dlq.errors.message')?.toString(), message);
  });
}

test('a stack is cut to maxStackBytes, and no character is cut in two', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 1);
  const failing = eachMessage(() => {
    throw Object.assign(new Error('no'), { stack: 'é'.repeat(50) });
  });
  await make(failing, { middleware: [deadLetter({ maxStackBytes: 11 })] }).runToEnd();
  t.is(kafka.records('in.dlq')[0]?.headers.get('__dlq.errors.stacktrace')?.toString(), 'é'.repeat(5));
});

test('a close in mid-wait of a handler sets nothing aside, and nothing is committed', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 3);
  const processor = make(
    eachMessage(async ({ offset }, _sender, { wait }) => {
      if (offset === 0) throw boom;
      await wait(60_000);
    }),
    { middleware: [deadLetter()] },
  );
  const run = outcome(processor.runLoop());
  await clock.advance(2_000);
  await processor.close();
  t.true((await run).ok);
  t.deepEqual(kafka.values('in.dlq'), []);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('of two partitions each sets aside its own, while the other waits for acks', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 2).createTopic('out').createTopic('in.dlq');
  for (const partition of [0, 1]) kafka.append('in', partition, 'good', `bad${partition}`, 'more');
  const gate = kafka.hold('produce', ({ topic }) => topic === 'in.dlq');
  const run = make(copying, {
    inputPartitions: [0, 1],
    concurrency: 2,
    middleware: [deadLetter()],
  }).runToEnd();
  await kafka.quiet();
  t.is(gate.waiting.length, 2);
  t.is(await stateOf(run), 'pending');
  gate.open();
  await run;
  t.deepEqual(kafka.values('in.dlq').toSorted(), ['bad0', 'bad1']);
  t.is(kafka.values('out').length, 4);
});

test('a missing dead-letter topic is a ConfigError that says how it is created, before anything is processed', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in', 4).fill('in', 0, 1);
  const { error } = await outcome(
    make(copying, { inputPartitions: [0, 1, 2, 3], middleware: [deadLetter()] }).runToEnd(),
  );
  t.true(error instanceof ConfigError);
  t.is(
    (error as Error).message,
    "middleware: topic 'in.dlq' not found: create it, such as with kafka-topics.sh --bootstrap-server … --create --topic in.dlq --partitions 4 --config retention.ms=-1, or let deadLetter({ create: true }) do it",
  );
});

test('with create, missing ones are created with the partitions of their input', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in', 3).createTopic('out').append('in', 0, 'bad');
  await make(copying, {
    inputPartitions: [0, 1, 2],
    middleware: [deadLetter({ create: true, topic: (topic) => `dead-${topic}` })],
  }).runToEnd();
  t.is(kafka.topics.partitionCount('dead-in'), 3);
  t.deepEqual(kafka.values('dead-in'), ['bad']);
});

for (const [title, inputTopics, options, problem] of [
  [
    'an input that is a dead-letter topic itself',
    ['in.dlq'],
    {},
    /would end up in 'in\.dlq\.dlq': give deadLetter/,
  ],
  ['a circle', ['in', 'x'], { topic: () => 'x' }, /would be input again: 'x' is one of inputTopics/],
  ['a name that no topic can have', ['in'], { topic: () => 'a b' }, /for 'in': 'a b' is not a topic name/],
  [
    'a function that throws',
    ['in'],
    {
      topic: () => {
        throw boom;
      },
    },
    /deadLetter threw when it was checked: boom/,
  ],
] as const) {
  test(`${title} is a ConfigError`, (t) => {
    const { make } = fixture(t);
    t.throws(() => make(copying, { inputTopics: [...inputTopics], middleware: [deadLetter(options)] }), {
      instanceOf: ConfigError,
      message: problem,
    });
  });
}

test('options that make no sense are refused together', (t) => {
  const bad = { topic: 'x', when: 1, maxShare: 0, maxStackBytes: -1, create: 'yes' };
  const error = t.throws(() => deadLetter(bad as unknown as DeadLetterOptions), { instanceOf: ConfigError });
  t.is(error.problems.length, 5, error.message);
  t.true(KasperError.is(t.throws(() => deadLetter({ topics: 'x' } as DeadLetterOptions))));
});
