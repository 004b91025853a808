import test from 'ava';
import { BatchError } from '../../source/batch-error.ts';
import { eachMessage } from '../../source/each-message.ts';
import { ConfigError, LifecycleError } from '../../source/kernel/errors.ts';
import { chain, type Middleware } from '../../source/middleware/middleware.ts';
import type { ProcessContext, ProcessFunction } from '../../source/message-processor.ts';
import type { Sender } from '../../source/sender.ts';
import { makeMessages } from '../../source/testing/fake-kafka/fake-message.ts';
import { fixture, GROUP } from '../_helpers/fakes/processor-run.ts';

const sender = { send: () => undefined, forward: () => undefined, flush: () => Promise.resolve() };
const context = {} as unknown as ProcessContext;

function named(name: string, seen: string[]): Middleware {
  return (next) =>
    async (messages, ...rest) => {
      seen.push(`${name} in`);
      await next(messages, ...rest);
      seen.push(`${name} out`);
    };
}

test('the first middleware is the outermost', async (t) => {
  const seen: string[] = [];
  const process = chain([named('a', seen), named('b', seen)], () => void seen.push('process'));
  await process(makeMessages(1), sender, context);
  t.deepEqual(seen, ['a in', 'b in', 'process', 'b out', 'a out']);
});

test('a chain without middleware is the function itself', (t) => {
  const innermost = () => undefined;
  t.is(chain([], innermost), innermost);
});

test('a middleware that throws when the processor is made is a ConfigError with its place and the cause', (t) => {
  const { make } = fixture(t);
  const failure = new Error('no such server');
  const failing: Middleware = () => {
    throw failure;
  };
  const noFunction = (() => Promise.resolve()) as unknown as Middleware;
  const error = t.throws(
    () => make({ process: () => undefined }, { middleware: [noFunction, named('a', []), failing] }),
    {
      instanceOf: ConfigError,
    },
  );
  t.is(error.cause, failure);
  t.deepEqual(
    error.problems.map((problem) => problem.split(': it must')[0]),
    [
      'middleware[0] returned a promise: the function that gets next must not be async, only the one that it returns, such as (next) => async (messages, sender, context) => { await next(messages, sender, context); }',
      'middleware[2] threw when it was put around the next function: no such server',
    ],
  );
});

test('a middleware that calls next() itself, not in the function that it returns, is told so', (t) => {
  const { make } = fixture(t);
  const eager: Middleware = (next) => {
    void next([], sender, context);
    return next;
  };
  const error = t.throws(() => make({ process: () => undefined }, { middleware: [eager] }), {
    instanceOf: ConfigError,
  });
  t.true(error.cause instanceof LifecycleError);
  t.regex(error.message, /middleware\[0\] threw .*: next\(\) was called outside of a batch: call it in the/);
});

test('a middleware is put around the next function once when the processor is made, and once for each batch', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 4);
  let made = 0;
  const counted: Middleware = (next) => {
    made++;
    return next;
  };
  const processor = make({ process: () => undefined }, { middleware: [counted], batchSize: 2 });
  t.is(made, 1);
  t.is((await processor.runToEnd()).batches, 2);
  t.is(made, 3);
});

test('what process throws passes through the middleware, inside out', async (t) => {
  const seen: string[] = [];
  const failure = new Error('no');
  const watching =
    (name: string): Middleware =>
    (next) =>
    async (...args) => {
      try {
        await next(...args);
      } catch (error) {
        seen.push(name);
        throw error;
      }
    };
  const process = chain([watching('a'), watching('b')], () => {
    throw failure;
  });
  t.is(await t.throwsAsync(async () => process(makeMessages(1), sender, context)), failure);
  t.deepEqual(seen, ['b', 'a']);
});

test('each attempt has a fresh sender, and only what the last one sent goes out', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  const attempts: number[] = [];
  const senders = new Set<unknown>();
  const retry: Middleware =
    (next) =>
    async (...args) => {
      try {
        await next(...args);
      } catch {
        await next(...args);
      }
    };
  await make(
    {
      process(messages, mine, { attempt }) {
        attempts.push(attempt);
        senders.add(mine);
        for (const { value } of messages)
          mine.send({ topic: 'out', value: `${String(value)} of attempt ${attempt}` });
        if (attempt === 1) throw new Error('again');
      },
    },
    { middleware: [retry] },
  ).runToEnd();
  t.deepEqual(attempts, [1, 2]);
  t.is(senders.size, 2);
  t.deepEqual(kafka.values('out'), ['in0 of attempt 2', 'in1 of attempt 2', 'in2 of attempt 2']);
});

test("what the middleware's own sender was given goes out, whatever became of the attempt", async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').createTopic('dead').fill('in', 0, 2);
  const deadLetters: Middleware =
    (next) =>
    async (messages, own, ...rest) => {
      try {
        await next(messages, own, ...rest);
      } catch {
        for (const { value } of messages) own.send({ topic: 'dead', value });
      }
    };
  await make(
    {
      process(messages, mine) {
        for (const { value } of messages) mine.send({ topic: 'out', value });
        throw new Error('no');
      },
    },
    { middleware: [deadLetters] },
  ).runToEnd();
  t.deepEqual(kafka.values('out'), []);
  t.deepEqual(kafka.values('dead'), ['in0', 'in1']);
  t.is(kafka.committed(GROUP, 'in', 0), 2);
});

test('a BatchError that the middleware swallows keeps what was sent', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  let failed: readonly number[] = [];
  const swallow: Middleware =
    (next) =>
    async (...args) => {
      try {
        await next(...args);
      } catch (error) {
        failed = (error as BatchError).failures.map(({ message }) => message.offset);
      }
    };
  await make(
    {
      process(messages, mine) {
        for (const { value } of messages.slice(0, 2)) mine.send({ topic: 'out', value });
        throw new BatchError(messages.slice(2).map((message) => ({ message, error: 'bad' })));
      },
    },
    { middleware: [swallow] },
  ).runToEnd();
  t.deepEqual(failed, [2]);
  t.deepEqual(kafka.values('out'), ['in0', 'in1']);
  t.is(kafka.committed(GROUP, 'in', 0), 3);
});

test('callbacks of an attempt that failed are forgotten, those of a BatchError are kept', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const called: string[] = [];
  const thrice: Middleware = (next) => async (messages, own, middle) => {
    middle.onCommitted(() => called.push('middleware'));
    await t.throwsAsync(async () => next(messages, own, middle), { message: 'no' });
    await t.throwsAsync(async () => next(messages, own, middle), { instanceOf: BatchError });
    await next(messages, own, middle);
  };
  const process: ProcessFunction = (messages, _sender, inner) => {
    const { attempt } = inner;
    inner.onCommitted(() => called.push(`attempt ${attempt}`));
    if (attempt === 1) throw new Error('no');
    if (attempt === 2) throw new BatchError(messages.map((message) => ({ message, error: 1 })));
  };
  await make({ process }, { middleware: [thrice] }).runToEnd();
  t.deepEqual(called, ['middleware', 'attempt 2', 'attempt 3']);
});

test('a sender that is used after its attempt says so', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
  let leaked: Sender | undefined;
  const late: Middleware =
    (next) =>
    async (...args) => {
      await next(...args);
      await t.throwsAsync(async () => leaked?.flush(), { instanceOf: LifecycleError });
      leaked?.send({ topic: 'out', value: 'late' });
    };
  const { error } = await outcome(
    make({ process: (_messages, mine) => void (leaked = mine) }, { middleware: [late] }).runToEnd(),
  );
  t.regex(
    String(error),
    /sender\.send\(\) was called after process had returned: a sender belongs to one attempt/,
  );
  t.deepEqual(kafka.values('out'), []);
});

test('a sender of its own that a middleware passes on is refused, with what to do instead', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
  const withHeader: Middleware = (next) => (messages, own, middle) => {
    const sender: Sender = {
      send: own.send.bind(own),
      forward: own.forward.bind(own),
      flush: own.flush.bind(own),
    };
    return next(messages, sender, middle);
  };
  let ran = 0;
  const process = () => {
    ran++;
  };
  const { error } = await outcome(make({ process }, { middleware: [withHeader] }).runToEnd());
  t.is(ran, 0);
  t.true((error as Error).cause instanceof LifecycleError);
  t.regex(String(error), /called next\(\) with a sender of its own.* context\.decorateSender\(/);
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('a decorated sender is what each attempt has, and a failed attempt sends nothing', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 2);
  const seen: string[] = [];
  const prefixed =
    (prefix: string): Middleware =>
    (next) =>
    async (messages, own, middle) => {
      middle.decorateSender((inner, { attempt }) => {
        seen.push(`${prefix} attempt ${attempt}`);
        return {
          send: (message) => {
            inner.send({ ...message, value: `${prefix} ${String(message.value)}` });
          },
          forward: (message, fields) => {
            inner.forward(message, { ...fields, value: `${prefix} ${String(message.value)}` });
          },
          flush: () => inner.flush(),
        };
      });
      await next(messages, own, middle);
    };
  const again: Middleware =
    (next) =>
    async (...args) => {
      await t.throwsAsync(async () => next(...args), { message: 'again' });
      await next(...args);
    };
  await make(
    {
      process(messages, mine, { attempt }) {
        for (const { valueText } of messages)
          mine.send({ topic: 'out', value: `${valueText ?? ''}.${attempt}` });
        if (attempt === 1) throw new Error('again');
      },
    },
    { middleware: [prefixed('a'), prefixed('b'), again] },
  ).runToEnd();
  t.deepEqual(kafka.values('out'), ['a b in0.2', 'a b in1.2']);
  t.deepEqual(seen, ['a attempt 1', 'b attempt 1', 'a attempt 2', 'b attempt 2']);
});

test('what a message is forwarded with passes through the decorated sender', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 2);
  const traced: Middleware = (next) => (messages, own, middle) => {
    middle.decorateSender((inner) => ({
      send: (message) => {
        inner.send(message);
      },
      forward: (message, fields) => {
        inner.forward(message, { ...fields, headers: { trace: '1' } });
      },
      flush: () => inner.flush(),
    }));
    return next(messages, own, middle);
  };
  await make(
    {
      process(messages, mine) {
        for (const message of messages) mine.forward(message, { topic: 'out' });
      },
    },
    { middleware: [traced] },
  ).runToEnd();
  t.deepEqual(
    kafka.records('out').map(({ valueText, headers }) => [valueText, headers.get('trace')?.toString()]),
    [
      ['in0', '1'],
      ['in1', '1'],
    ],
  );
});

test('a decorated sender that lacks a method is refused before process is called', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 1);
  const halfDone: Middleware = (next) => (messages, own, middle) => {
    middle.decorateSender(
      (inner) => ({ send: inner.send.bind(inner), flush: inner.flush.bind(inner) }) as unknown as Sender,
    );
    return next(messages, own, middle);
  };
  let ran = 0;
  const process = () => {
    ran++;
  };
  const { error } = await outcome(make({ process }, { middleware: [halfDone] }).runToEnd());
  t.is(ran, 0);
  t.true((error as Error).cause instanceof ConfigError);
  t.regex(
    String(error),
    /context\.decorateSender.*the decorated sender must have the methods send, forward, flush, and hand each of them on, not an object of Object/,
  );
  t.is(kafka.committed(GROUP, 'in', 0), 0);
});

test('with eachMessage, what a message that fails sent through a decorated sender is taken back', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').createTopic('out').fill('in', 0, 3);
  const loud: Middleware = (next) => async (messages, own, middle) => {
    middle.decorateSender((inner) => ({
      send: (message) => {
        inner.send({ ...message, value: `${String(message.value)}!` });
      },
      forward: (message, fields) => {
        inner.forward(message, { ...fields, value: `${String(message.value)}!` });
      },
      flush: () => inner.flush(),
    }));
    await t.throwsAsync(async () => next(messages, own, middle), { instanceOf: BatchError });
  };
  await make(
    eachMessage(({ offset, valueText }, mine) => {
      mine.send({ topic: 'out', value: valueText });
      if (offset === 1) throw new Error('bad');
    }),
    { middleware: [loud] },
  ).runToEnd();
  t.deepEqual(kafka.values('out'), ['in0!', 'in2!']);
});

test('what a middleware adds to the context reaches process, and one that forgets it loses nothing', async (t) => {
  const { kafka, make } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 1);
  const seen: unknown[] = [];
  const forgetful: Middleware = (next) => (messages, own, middle) =>
    next(messages, own, { trace: middle.partition } as unknown as ProcessContext);
  await make(
    {
      process(_messages, _own, inner) {
        seen.push((inner as { trace?: number }).trace, inner.attempt, inner.trigger);
        inner.onCommitted(() => seen.push('committed'));
      },
    },
    { middleware: [forgetful] },
  ).runToEnd();
  t.deepEqual(seen, [0, 1, 'end', 'committed']);
});
