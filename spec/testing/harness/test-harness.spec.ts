import test from 'ava';
import { int64 } from '../../../source/codecs/int64.ts';
import { json } from '../../../source/codecs/json.ts';
import { eachMessage } from '../../../source/each-message.ts';
import { defineJob } from '../../../source/job.ts';
import { BrokerError, ConfigError } from '../../../source/kernel/errors.ts';
import { retry } from '../../../source/middleware/retry.ts';
import { prefetch } from '../../../source/prefetch.ts';
import { TestHarness } from '../../../source/testing/index.ts';
import { topic } from '../../../source/typed-topic.ts';
import { withCodec, type Store } from '../../../stores/index.ts';

const clicks = topic('clicks', json<{ page: string }>());
const totals = topic('totals', int64);

/** Counts clicks by person in a store, and sends each total on. */
const counts = defineJob(
  {
    topicProcessorName: 'counts',
    inputTopics: ['clicks'],
    batchWaitMs: 500,
    stores: (stores) => ({ counts: withCodec(stores.store('counts'), int64) }),
  },
  prefetch(
    ({ counts: store }: { readonly counts: Store<number> }) => store,
    ({ keyText }) => keyText,
    (messages, sender, view) => {
      for (const { keyText } of messages) {
        if (keyText === null) continue;
        const total = (view.get(keyText) ?? 0) + 1;
        view.set(keyText, total);
        sender.send(totals.message(keyText, total));
      }
    },
  ),
);

/** Sends each total on, doubled. */
const doubled = defineJob(
  { topicProcessorName: 'doubled', inputTopics: ['totals'], batchWaitMs: 200 },
  eachMessage((message, sender) => {
    sender.send(topic('doubled', int64).message(message.keyText, 2 * totals.decode(message)));
  }),
);

const copy = defineJob(
  { topicProcessorName: 'copy', inputTopics: ['in'] },
  {
    process(messages, sender) {
      for (const message of messages) sender.forward(message, { topic: 'out' });
    },
  },
);

test('what is fed has been processed, flushed and committed when feed resolves', async (t) => {
  const harness = new TestHarness();
  await harness.start(counts);
  await harness.feed(clicks.message('ann', { page: '/' }));
  t.deepEqual(harness.read(totals), [{ key: 'ann', value: 1 }]);
  t.deepEqual(harness.committed(), [{ topic: 'clicks', partition: 0, offset: 1 }]);
  t.is(await harness.stores(counts).counts.get('ann'), 1);
  await harness.feed([clicks.message('bob', { page: '/' }), clicks.message('ann', { page: '/a' })]);
  t.deepEqual(harness.read(totals), [
    { key: 'bob', value: 1 },
    { key: 'ann', value: 2 },
  ]);
  t.deepEqual(harness.read(totals), []);
  t.deepEqual(
    harness.latest(totals),
    new Map([
      ['bob', 1],
      ['ann', 2],
    ]),
  );
  t.like(await harness.stop(), { records: 3, sent: 3 });
});

test('the clock is turned only as far as a batch waits, and not with wait: false', async (t) => {
  const harness = new TestHarness();
  await harness.start(counts);
  const began = harness.clock.now();
  await harness.feed(clicks.message('ann', { page: '/' }), { wait: false });
  t.is(harness.clock.now(), began);
  t.deepEqual(harness.read(totals), []);
  await harness.advance(499);
  t.deepEqual(harness.read(totals), []);
  await harness.advance(1);
  t.is(harness.read(totals).length, 1);
  await harness.feed(clicks.message('ann', { page: '/' }));
  t.is(harness.clock.now(), began + 1_000);
});

test('jobs that read what others write run together', async (t) => {
  const harness = new TestHarness({ partitions: 3 });
  await harness.start(counts);
  await harness.start(doubled);
  await harness.feed(['a', 'b', 'c', 'a'].map((key) => clicks.message(key, { page: '/' })));
  t.deepEqual(Object.fromEntries(harness.latest(topic('doubled', int64))), { a: 4, b: 2, c: 2 });
  await t.throwsAsync(harness.stop(), {
    code: 'CONFIG',
    message: /say which job is meant: counts, doubled run/,
  });
  await harness.stop(counts);
  t.like(await harness.stop(), { records: 4 });
});

test('after a crash a job goes on from what it committed, with the stores that it had', async (t) => {
  const harness = new TestHarness();
  await harness.start(counts);
  await harness.feed(clicks.message('ann', { page: '/' }));
  const held = harness.hold('commit');
  await harness.feed(clicks.message('ann', { page: '/' }));
  t.is(held.waiting.length, 1);
  await harness.crash();
  held.open();
  await harness.start(counts);
  await harness.advance(500);
  // The batch was stored and sent, and comes again since its offset was not committed.
  t.deepEqual(
    harness.read(totals).map(({ value }) => value),
    [1, 2, 3],
  );
  t.deepEqual(harness.committed(), [{ topic: 'clicks', partition: 0, offset: 2 }]);
});

test('what was not acked at a crash does not happen', async (t) => {
  const harness = new TestHarness();
  await harness.start(copy);
  const held = harness.hold('produce');
  await harness.feed({ topic: 'in', key: 'a', value: '1' });
  await harness.crash();
  held.open();
  await harness.advance(60_000);
  t.deepEqual(harness.read('out'), []);
  t.deepEqual(harness.committed(copy), [{ topic: 'in', partition: 0, offset: 0 }]);
  await harness.start(copy);
  await harness.advance(5_000);
  t.deepEqual(
    harness.read('out').map(({ keyText, valueText }) => [keyText, valueText]),
    [['a', '1']],
  );
});

/** With the number of records that come out in the end: what was not committed comes again. */
const failures = { produce: 1, commit: 2, fetch: 1, listOffsets: 0 } as const;
for (const [request, copies] of Object.entries(failures) as [keyof typeof failures, number][]) {
  test(`a request that fails ends the run: ${request}`, async (t) => {
    const harness = new TestHarness();
    const refused = new BrokerError('no', {
      brokerCode: 29,
      brokerError: 'TOPIC_AUTHORIZATION_FAILED',
      retriable: false,
    });
    if (request === 'listOffsets') {
      harness.failNext(request, refused);
      await t.throwsAsync(harness.start(copy), { message: /no/ });
    } else {
      await harness.start(copy);
      harness.failNext(request, refused);
      await t.throwsAsync(harness.feed({ topic: 'in', value: '1' }), { message: /no/ });
    }
    // It does not run any more, and can be started again.
    await t.throwsAsync(harness.stop(), { message: /none runs/ });
    await harness.start(copy);
    await harness.advance(5_000);
    t.is(harness.read('out').length, copies);
  });
}

test('a failure of the job is what the call rejects with', async (t) => {
  const harness = new TestHarness();
  const failing = defineJob(
    { topicProcessorName: 'failing', inputTopics: ['in'] },
    eachMessage(({ valueText }) => {
      if (valueText === 'bad') throw new Error('boom');
    }),
  );
  await harness.start(failing);
  await harness.feed({ topic: 'in', value: 'good' });
  const error = await t.throwsAsync(harness.feed({ topic: 'in', value: 'bad' }), { code: 'PROCESS' });
  t.regex(error.message, /boom/);
  t.deepEqual(harness.committed(failing), [{ topic: 'in', partition: 0, offset: 1 }]);
});

test('a batch in context.wait is quiet, and goes on when the clock is turned', async (t) => {
  const harness = new TestHarness();
  const waiting = defineJob(
    { topicProcessorName: 'waiting', inputTopics: ['in'] },
    {
      async process(_messages, sender, context) {
        await context.wait(10_000);
        sender.send({ topic: 'out', value: '' });
      },
    },
  );
  await harness.start(waiting);
  await harness.feed({ topic: 'in', value: '' });
  t.deepEqual(harness.read('out'), []);
  t.is(harness.processor().stats().partitionProcessors[0]?.step, 'wait');
  await harness.advance(9_999);
  t.deepEqual(harness.read('out'), []);
  await harness.advance(1);
  t.is(harness.read('out').length, 1);
});

test('the back-off of a retry ends by advance, and what is fed after it has a timestamp of whole milliseconds', async (t) => {
  const harness = new TestHarness();
  const flaky = defineJob(
    {
      topicProcessorName: 'flaky',
      inputTopics: ['in'],
      batchWaitMs: 100,
      middleware: [retry({ initialMs: 1_000, jitter: 0.5 })],
    },
    eachMessage((message, sender, { attempt }) => {
      if (attempt === 1) throw new Error('at first');
      sender.forward(message, { topic: 'out' });
    }),
  );
  await harness.start(flaky);
  await harness.feed({ topic: 'in', value: 'a' });
  await harness.advance(399);
  t.deepEqual(harness.read('out'), []);
  await harness.advance(harness.clock.nextInMs ?? 0);
  await harness.advance(1_000.25);
  t.is(harness.read('out').length, 1);
  await harness.feed({ topic: 'in', value: 'b' });
  t.true(Number.isInteger(harness.read('in').at(-1)?.timestamp));
});

test('a batch that awaits something real is waited for', async (t) => {
  const harness = new TestHarness();
  let isClosed = false;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const slow = defineJob(
    { topicProcessorName: 'slow', inputTopics: ['in'], closeTimeoutMs: 1_000 },
    {
      init: () => pause(20).then(() => undefined),
      async process(_messages, sender) {
        await pause(20);
        sender.send({ topic: 'out', value: '' });
      },
      async close() {
        await pause(20);
        isClosed = true;
      },
    },
  );
  await harness.start(slow);
  t.is(harness.processor().state, 'running');
  await harness.feed({ topic: 'in', value: '' });
  t.is(harness.read('out').length, 1);
  await harness.stop();
  t.true(isClosed);
});

test('two harnesses do the same', async (t) => {
  const run = async () => {
    const harness = new TestHarness({ partitions: 4 });
    await harness.start(counts);
    await harness.start(doubled);
    for (let at = 0; at < 20; at++) await harness.feed(clicks.message(`key-${at % 7}`, { page: '/' }));
    await harness.crash(counts);
    await harness.start(counts);
    await harness.feed(clicks.message('key-1', { page: '/' }));
    const records = [...harness.read('totals'), ...harness.read('doubled')];
    return records.map((message) => message.toObject());
  };
  t.deepEqual(await run(), await run());
});

test('a bounded run ends by itself, whatever it waits for', async (t) => {
  const harness = new TestHarness({ topics: { in: 2 } });
  await harness.feed([
    { topic: 'in', value: '1', headers: { a: 'b' }, timestamp: 5 },
    { topic: 'in', value: null, key: 'k', partition: 1 },
  ]);
  harness.clear();
  t.like(await harness.runToEnd(copy), { records: 2, sent: 2 });
  t.deepEqual(
    harness.read('out').map(({ valueText, headers, timestamp }) => [valueText, headers.size, timestamp]),
    [
      ['1', 1, 5],
      [null, 0, harness.clock.wallNow()],
    ],
  );
  t.deepEqual(harness.read('in'), []);
});

test('what is wrong is a ConfigError that says so', async (t) => {
  const config = (message: RegExp) => ({ instanceOf: ConfigError, message });
  t.throws(
    () => new TestHarness({ partitions: 0 }),
    config(/partitions must be a whole number from 1, not 0/),
  );
  t.throws(() => new TestHarness({ topics: { in: 1.5 } }), config(/topics\.in must be a whole number/));
  t.throws(() => new TestHarness({ brokers: 1 } as object), config(/unknown option 'brokers'/));
  const harness = new TestHarness({ topics: { in: 2 } });
  await t.throwsAsync(harness.start({} as never), config(/the job must be what defineJob gives/));
  await t.throwsAsync(
    harness.feed({ topic: 'in', value: '', partition: 2 }),
    config(/partitions 0 to 1, not 2/),
  );
  await t.throwsAsync(harness.feed({ topic: 'a b', value: '' }), config(/topic .*a b/));
  await t.throwsAsync(
    harness.feed({ topic: 'in', value: 7 } as never),
    config(/value must be a Buffer, text or null, not 7/),
  );
  await t.throwsAsync(
    harness.feed({ topic: 'in', value: '', key: 7 } as never),
    config(/key must be a Buffer, text or null, not 7/),
  );
  await t.throwsAsync(harness.advance(-1), config(/ms must be a number/));
  t.throws(
    () => {
      harness.failNext('join' as never);
    },
    config(/unknown request 'join'; known are produce, fetch, commit, listOffsets/),
  );
  t.throws(() => harness.hold('join' as never), config(/unknown request 'join'/));
  t.throws(() => harness.committed(), config(/none runs/));
  await harness.start(copy);
  await t.throwsAsync(harness.start(copy), config(/the job 'copy' runs already/));
  await t.throwsAsync(harness.start(counts, { batchSize: 0 }), config(/batchSize/));
  await harness.start(counts);
});

test('a job that delivers exactly once runs, and shows its outputs when they are committed', async (t) => {
  const harness = new TestHarness();
  let attempts = 0;
  const job = defineJob(
    {
      topicProcessorName: 'once',
      inputTopics: ['in'],
      delivery: 'exactly-once',
      batchWaitMs: 500,
      middleware: [retry({ attempts: 2 })],
    },
    {
      process: async (messages, sender) => {
        for (const message of messages) sender.forward(message, { topic: 'out' });
        await sender.flush();
        if (++attempts === 1) throw new Error('once');
      },
    },
  );
  await harness.start(job);
  await harness.feed([
    { topic: 'in', key: 'a', value: '1' },
    { topic: 'in', key: 'a', value: '2' },
  ]);
  t.deepEqual(harness.read('out'), []);
  await harness.advance(1_000);
  t.is(attempts, 2);
  t.deepEqual(
    harness.read('out').map(({ valueText }) => valueText),
    ['1', '2'],
  );
  t.deepEqual(harness.committed(), [{ topic: 'in', partition: 0, offset: 2 }]);
});
