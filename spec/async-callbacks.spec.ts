import test from 'ava';
import { eachMessage } from '../source/each-message.ts';
import { CommitError, ConfigError, SendError } from '../source/kernel/errors.ts';
import { deadLetter } from '../source/middleware/dead-letter.ts';
import { deduplicate } from '../source/middleware/deduplicate.ts';
import type { Middleware } from '../source/middleware/middleware.ts';
import { retry } from '../source/middleware/retry.ts';
import { prefetch } from '../source/prefetch.ts';
import { MapStore } from '../stores/map-store.ts';
import { MultiMapStore } from '../stores/multi-map-store.ts';
import type { TopicProcessorOptions } from '../source/config/options.ts';
import type { MessageProcessors } from '../source/message-processors.ts';
import { fixture } from './_helpers/fakes/processor-run.ts';
import { boom } from './_helpers/fakes/line-jobs.ts';

// A rejection that nobody handles fails these specs, too: AVA watches for them.

/** What must answer immediately, written as an async function. */
const asynchronous = (() => Promise.reject(new Error('nobody waits for it'))) as never;
const idle = { process: () => undefined };

const atOnce: Record<string, readonly [options: Partial<TopicProcessorOptions>, problem: RegExp]> = {
  'a middleware': [
    { middleware: [asynchronous] },
    /middleware\[0\] returned a promise: the function that gets next must not be async/,
  ],
  'the option stores': [{ stores: asynchronous }, /the function `stores` gives a promise/],
  'topic of deadLetter': [
    { middleware: [deadLetter({ topic: asynchronous })] },
    /topic of deadLetter gave a promise for 'in'.* must not be async/,
  ],
};
for (const [name, [options, message]] of Object.entries(atOnce)) {
  test(`${name} that is async is refused, and what it rejects with ends nothing`, async (t) => {
    const { kafka, make } = fixture(t);
    t.throws(() => make(idle, options), { instanceOf: ConfigError, message });
    await kafka.quiet();
  });
}

const sending: MessageProcessors = {
  process(messages, sender) {
    for (const { value } of messages) sender.send({ topic: 'out', key: 'k', value });
  },
};
const stores = { one: new MapStore(), many: new MultiMapStore() };
const inABatch: Record<
  string,
  readonly [processor: MessageProcessors, options: Partial<TopicProcessorOptions>, error: Error, RegExp]
> = {
  'a middleware that is async for some batches only': [
    idle,
    { middleware: [asyncLater()] },
    new ConfigError(['']),
    /middleware\[0\] returned a promise/,
  ],
  partitioner: [
    sending,
    { partitioner: asynchronous },
    new SendError(''),
    /The partitioner gave a promise \(it must not be async\) for topic 'out'/,
  ],
  'id of deduplicate': [
    idle,
    { middleware: [deduplicate({ store: new MapStore(), id: asynchronous })] },
    new ConfigError(['']),
    /deduplicate: id gave a promise: it must return text, so it must not be async/,
  ],
  'keysOf of a Store': [
    prefetch<Buffer>(stores.one, asynchronous, () => undefined),
    {},
    new ConfigError(['']),
    /keysOf must return a key, .* not a promise: it must not be async/,
  ],
  'keysOf of a MultiStore': [
    prefetch<Buffer>(stores.many, asynchronous, () => undefined),
    {},
    new ConfigError(['']),
    /keysOf must return \{ tenant, key \}, .* not a promise: it must not be async/,
  ],
};
for (const [name, [processor, options, { constructor }, message]] of Object.entries(inABatch)) {
  test(`${name}, async, fails the batch with its reason`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
    const { cause } = (await outcome(make(processor, options).runToEnd())).error as { cause: Error };
    t.is(cause.constructor, constructor);
    t.regex(cause.message, message);
  });
}

/** Well-behaved when the processor is made. */
function asyncLater(): Middleware {
  let calls = 0;
  return (next) => (++calls === 1 ? next : (asynchronous as Middleware)(next));
}

test('commitMetadata, async, is a CommitError', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const { error } = await outcome(make(idle, { commitMetadata: asynchronous }).runToEnd());
  t.true(error instanceof CommitError, String(error));
  t.regex(String(error), /must be a string, not a promise: the function must not be async/);
});

for (const [name, middleware] of [
  ['retryIf of retry', retry({ retryIf: asynchronous })],
  ['when of deadLetter', deadLetter({ when: asynchronous })],
] as const) {
  test(`${name}, async, is taken for false, and logged`, async (t) => {
    const { kafka, log, make, outcome } = fixture(t);
    kafka.createTopic('in').createTopic('in.dlq').fill('in', 0, 1);
    let calls = 0;
    const failing = eachMessage(() => {
      calls++;
      throw boom;
    });
    t.false((await outcome(make(failing, { middleware: [middleware] }).runToEnd())).ok);
    t.is(calls, 1);
    t.deepEqual(kafka.values('in.dlq'), []);
    t.true(
      log
        .messages('error')
        .includes(`${name} gave a promise, which is taken for false: it must not be async`),
    );
  });
}
