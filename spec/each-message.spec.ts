import test from 'ava';
import { BatchError } from '../source/batch-error.ts';
import { eachMessage, type MessageHandler } from '../source/each-message.ts';
import { LifecycleError, SendError } from '../source/kernel/errors.ts';
import { consumerMessage } from '../source/kafka/records/consumer-message.ts';
import type { ConsumerMessage, ForwardFields, Headers, ProducerMessage } from '../source/message.ts';
import type { ProcessContext } from '../source/message-processor.ts';
import type { Sender } from '../source/sender.ts';
import { makeMessage, makeMessages } from '../source/testing/fake-kafka/fake-message.ts';
import { fixture, GROUP } from './_helpers/fakes/processor-run.ts';

const place = { topic: 'in', partition: 3, offset: 9, timestamp: 7 };

/** A sender as a user's own test may make one. */
function plainSender() {
  const sent: ProducerMessage[] = [];
  const sender: Sender = {
    send: (message) => void sent.push(message),
    forward: ({ key, value, headers, timestamp }, fields) =>
      void sent.push({ key, value, headers, timestamp, ...fields }),
    flush: () => {
      sent.push({ topic: 'flush', value: null });
      return Promise.resolve();
    },
  };
  return {
    sender,
    sent,
    values: () => sent.map(({ value }) => (value === null ? 'flush' : value.toString())),
  };
}

function contextOf(signal = new AbortController().signal): ProcessContext {
  return { signal } as unknown as ProcessContext;
}

async function run(
  handle: MessageHandler,
  messages: readonly ConsumerMessage[],
  sender = plainSender().sender,
) {
  try {
    await eachMessage(handle).process(messages, sender, contextOf());
  } catch (error) {
    if (error instanceof BatchError) return error;
    throw error;
  }
  return undefined;
}

const failing =
  (bad: readonly number[], ran: number[] = []): MessageHandler =>
  ({ offset }) => {
    ran.push(offset);
    if (bad.includes(offset)) throw new Error(`bad ${offset}`);
  };

test('messages are handled one after another, in order, also when the handler is asynchronous', async (t) => {
  const seen: string[] = [];
  await run(async ({ offset }) => {
    seen.push(`begin ${offset}`);
    await Promise.resolve();
    seen.push(`end ${offset}`);
  }, makeMessages(3));
  t.deepEqual(seen, ['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
});

test('a message that fails leaves the others to be done, and is named in a BatchError', async (t) => {
  const ran: number[] = [];
  const error = await run(failing([1, 3], ran), makeMessages(5));
  t.deepEqual(ran, [0, 1, 2, 3, 4]);
  t.deepEqual(
    error?.failures.map(({ message, error: each }) => [message.offset, (each as Error).message]),
    [
      [1, 'bad 1'],
      [3, 'bad 3'],
    ],
  );
});

test('a handler that rejects fails its message as one that throws does', async (t) => {
  const error = await run(
    ({ offset }) => (offset === 1 ? Promise.reject(new Error('no')) : undefined),
    makeMessages(3),
  );
  t.deepEqual(
    error?.failures.map(({ message }) => message.offset),
    [1],
  );
});

test('later messages with the key of one that failed are failed without being run, of whatever topic', async (t) => {
  const ran: number[] = [];
  const keys = ['a', 'b', 'a', 'b', null, 'a'];
  const messages = keys.map((key, offset) =>
    makeMessage({ key, offset, topic: offset % 2 === 0 ? 'x' : 'y' }),
  );
  const error = await run(failing([0], ran), messages);
  t.deepEqual(ran, [0, 1, 3, 4]);
  t.deepEqual(
    error?.failures.map(({ message }) => message.offset),
    [0, 2, 5],
  );
  const last = error?.failures[2]?.error as Error;
  t.is(last.message, 'y/0 offset 5 was not run, since x offset 0 with the same key failed before it');
  t.is((last.cause as Error).message, 'bad 0');
});

test('keys are compared by their bytes', async (t) => {
  const ran: number[] = [];
  const keys = [Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.from([0xff])];
  await run(
    failing([0], ran),
    keys.map((key, offset) => makeMessage({ key, offset })),
  );
  t.deepEqual(ran, [0, 1]);
});

test('messages without a key have no order to keep, not even with an empty key', async (t) => {
  const ran: number[] = [];
  const keys = [null, null, Buffer.alloc(0), null, Buffer.alloc(0)];
  const error = await run(
    failing([0, 2], ran),
    keys.map((key, offset) => makeMessage({ key, offset })),
  );
  t.deepEqual(ran, [0, 1, 2, 3]);
  t.deepEqual(
    error?.failures.map(({ message }) => message.offset),
    [0, 2, 4],
  );
});

test('what a message sent is taken back when it fails, and only that', async (t) => {
  const { sender, values } = plainSender();
  await run(
    ({ offset }, out) => {
      out.send({ topic: 'out', value: `first of ${offset}` });
      if (offset === 1) throw new Error('no');
      out.send({ topic: 'out', value: `second of ${offset}` });
    },
    makeMessages(3),
    sender,
  );
  t.deepEqual(values(), ['first of 0', 'second of 0', 'first of 2', 'second of 2']);
});

test('what was flushed cannot be taken back; what came after can', async (t) => {
  const { sender, values } = plainSender();
  await run(
    async (_message, out) => {
      out.send({ topic: 'out', value: 'before' });
      await out.flush();
      out.send({ topic: 'out', value: 'after' });
      throw new Error('no');
    },
    makeMessages(1),
    sender,
  );
  t.deepEqual(values(), ['before', 'flush']);
});

test('buffers may be used again within one handler', async (t) => {
  const { sender, values } = plainSender();
  const bytes = Buffer.from('A');
  await run(
    (_message, out) => {
      out.send({ topic: 'out', value: bytes });
      bytes.write('B');
      out.send({ topic: 'out', value: bytes });
    },
    makeMessages(1),
    sender,
  );
  t.deepEqual(values(), ['A', 'B']);
});

test('synchronous handlers are not awaited: a batch of them is done within the call, without a turn of the microtask queue', async (t) => {
  let handled = 0;
  const running = eachMessage(() => {
    handled++;
  }).process(makeMessages(100), plainSender().sender, contextOf());
  t.is(handled, 100);
  await running;
});

test('it ends as soon as the signal is aborted, with its reason', async (t) => {
  const abort = new AbortController();
  const reason = new Error('over');
  const ran: number[] = [];
  const error = await t.throwsAsync(async () =>
    eachMessage(({ offset }) => {
      ran.push(offset);
      if (offset === 1) abort.abort(reason);
    }).process(makeMessages(5), plainSender().sender, contextOf(abort.signal)),
  );
  t.is(error, reason);
  t.deepEqual(ran, [0, 1]);
});

test('in the pipeline: what a message sent before its send was refused does not go out', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  let failed: BatchError | undefined;
  await make(
    eachMessage(({ offset }, out) => {
      out.send({ topic: 'out', value: `good of ${offset}` });
      if (offset === 1) out.send({ topic: 'out', value: Buffer.alloc(2_000_000) });
    }),
    {
      middleware: [
        (next) =>
          async (...args) => {
            failed = await t.throwsAsync(async () => next(...args), { instanceOf: BatchError });
          },
      ],
    },
  ).runToEnd();
  t.true(failed?.failures[0]?.error instanceof SendError);
  t.deepEqual(kafka.values('out'), ['good of 0', 'good of 2']);
});

test('in the pipeline: a refused record is thrown at the very send, where the handler can catch it', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
  await make(
    eachMessage((_message, out) => {
      try {
        out.send({ topic: 'out', value: Buffer.alloc(2_000_000) });
      } catch {
        out.send({ topic: 'out', value: 'too large' });
      }
    }),
  ).runToEnd();
  t.deepEqual(kafka.values('out'), ['too large']);
});

test('in the pipeline: a handler that waits when the processor closes gives the batch up, without a failure', async (t) => {
  const { kafka, clock, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 3);
  const ran: number[] = [];
  const processor = make(
    eachMessage(async ({ offset }, _sender, context) => {
      ran.push(offset);
      if (offset === 1) await context.wait(60_000);
    }),
  );
  const run2 = outcome(processor.runToEnd());
  await clock.advance(10);
  t.deepEqual(ran, [0, 1]);
  await processor.close();
  const { ok, error } = await run2;
  t.true(ok, String(error));
  t.deepEqual(ran, [0, 1], 'the rest is not run');
  t.is(kafka.committed(GROUP, 'in', 0), 0);
  t.false(error instanceof LifecycleError);
});

test('a consumed message is sent on whole, also through a sender of another make', async (t) => {
  const { sender, sent } = plainSender();
  const one = consumerMessage({ topic: 'in', partition: 3, offset: 9, key: 'k', value: 'v', timestamp: 7 });
  await run(
    (message, each) => {
      each.send(message);
    },
    [one],
    sender,
  );
  t.deepEqual(sent, [
    { topic: 'in', key: Buffer.from('k'), value: Buffer.from('v'), headers: [], partition: 3, timestamp: 7 },
  ]);
});

for (const [kind, make] of [
  [
    'a consumed message',
    (key: string) => consumerMessage({ ...place, key, value: 'v', headers: { h: 'x' } }),
  ],
  [
    'a message that a test made in another way',
    (key: string) => makeMessage({ ...place, key, value: 'v', headers: [['h', Buffer.from('x')]] }),
  ],
] as const) {
  test(`what is forwarded through a sender of another make is copied at the call, or taken back: ${kind}`, async (t) => {
    const { sender, sent } = plainSender();
    const value = Buffer.from('new');
    const error = await run(
      (message, each) => {
        each.forward(message, { topic: 'out' });
        each.forward(message, { topic: 'out', key: null, value, partition: 2, timestamp: -1 });
        message.value?.write('X');
        value.write('old');
        if (message.keyText === 'bad') throw new Error('bad');
      },
      [make('bad'), make('good')],
      sender,
    );
    t.is(error?.failures.length, 1);
    const plainFields = sent.map(({ headers, ...rest }) => ({ ...rest, headers: [...(headers as Headers)] }));
    const headers = [['h', Buffer.from('x')]];
    t.deepEqual(plainFields, [
      { topic: 'out', key: Buffer.from('good'), value: Buffer.from('v'), headers, timestamp: 7 },
      {
        topic: 'out',
        key: null,
        value: Buffer.from('old'),
        headers,
        partition: 2,
        timestamp: -1,
      },
    ]);
  });

  test(`what cannot be forwarded is refused at the call, also before a sender of another make: ${kind}`, async (t) => {
    const { sender, sent } = plainSender();
    const refused = [{}, { topic: 'out', vlaue: 'x' }, { topic: 'out', headers: { h: 5 } }] as const;
    const errors: unknown[] = [];
    await run(
      (message, each) => {
        for (const fields of refused)
          errors.push(
            t.throws(
              () => {
                each.forward(message, fields as unknown as ForwardFields);
              },
              { instanceOf: SendError },
            )?.message,
          );
      },
      [make('k')],
      sender,
    );
    t.is(errors.length, 3);
    t.deepEqual(sent, []);
  });
}
