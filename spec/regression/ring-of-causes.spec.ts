import { Writable } from 'node:stream';
import test from 'ava';
import { BatchError } from '../../source/batch-error.ts';
import { errorText, failureText } from '../../source/cli/terminal/error-text.ts';
import { exitCodeOf } from '../../source/cli/terminal/exit-codes.ts';
import { eachMessage } from '../../source/each-message.ts';
import { ProcessError } from '../../source/kernel/errors.ts';
import { winstonLogger, type LogFormat } from '../../source/logging/index.ts';
import type { MessageFailure } from '../../source/message-processor.ts';
import { makeMessage } from '../../source/testing/fake-kafka/fake-message.ts';
import { fixture } from '../_helpers/fakes/processor-run.ts';

/**
 * 1. A program keeps the last error as the `cause` of the next one, and both are the same object.
 * 2. `process` throws it.
 * 3. Whoever looks for a cause of a certain kind goes round and round, and the process answers
 *    nobody any more.
 */
const rings: Readonly<Record<string, () => Error>> = {
  'an error that is its own cause': () => {
    const error = new Error('its own cause');
    error.cause = error;
    return error;
  },
  'two errors that are the cause of each other': () => {
    const error = new TypeError('one of two');
    error.cause = new RangeError('two of two', { cause: error });
    return error;
  },
  'a BatchError that is the error of its own failure': () => {
    const failure: { -readonly [Name in keyof MessageFailure]: MessageFailure[Name] } = {
      message: makeMessage(),
      error: 'none yet',
    };
    const error = new BatchError([failure]);
    failure.error = error;
    return error;
  },
  'a BatchError that is the cause of what its failure has': () => {
    const inner = new Error('within');
    const error = new BatchError([{ message: makeMessage(), error: inner }]);
    inner.cause = error;
    return error;
  },
  'an error whose cause throws when it is read': () =>
    Object.defineProperty(new Error('hidden cause'), 'cause', {
      get() {
        throw new Error('not to be read');
      },
    }),
  'an error that makes a new cause each time': () => {
    class Endless extends Error {
      override get cause(): Endless {
        return new Endless('endless');
      }
    }
    return new Endless('endless');
  },
};

for (const [what, makeRing] of Object.entries(rings)) {
  test(`${what} fails the run, and is logged and printed`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 10);
    const thrown = makeRing();
    const { error } = await outcome(make({ process: () => Promise.reject(thrown) }).runLoop());
    t.true(error instanceof ProcessError);
    t.is((error as ProcessError).cause, thrown);
    t.true((error as ProcessError).message.includes(thrown.message));
    for (const format of ['json', 'text'] as const)
      t.true((await logged(format, error)).includes(thrown.message), format);
    t.true(errorText(error).includes(thrown.message));
    t.true(failureText(thrown).includes(thrown.message));
    t.is(exitCodeOf(error), 1);
  });

  test(`${what} fails one message where messages are handled one by one`, async (t) => {
    const { kafka, make, outcome } = fixture(t);
    kafka.createTopic('in').fill('in', 0, 10);
    const thrown = makeRing();
    const { error } = await outcome(
      make(
        eachMessage(({ offset }) => {
          if (offset === 1) throw thrown;
        }),
      ).runLoop(),
    );
    const { cause } = error as ProcessError;
    t.true(cause instanceof BatchError);
    t.deepEqual(
      (cause as BatchError).failures.map(({ message }) => message.offset),
      [1],
    );
  });
}

test('a thrown value without a text fails the run', async (t) => {
  const { kafka, make, outcome } = fixture(t);
  kafka.createTopic('in').fill('in', 0, 10);
  for (const thrown of [
    Object.create(null),
    {
      toString() {
        throw new Error('no text');
      },
    },
  ] as unknown[]) {
    const { error } = await outcome(
      make({
        process() {
          throw thrown as Error;
        },
      }).runLoop(),
    );
    t.true(error instanceof ProcessError);
    t.is((error as ProcessError).cause, thrown);
    t.regex((error as ProcessError).message, /\[object Object\]$/);
    t.regex(errorText(error), /\[object Object\]/);
  }
});

/** The line in which an error is logged. */
async function logged(format: LogFormat, error: unknown): Promise<string> {
  let written = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  winstonLogger({ format, stream }).error('Failed', { error });
  await new Promise((resolve) => setImmediate(resolve));
  return written;
}
