import { inspect } from 'node:util';
import test from 'ava';
import { BatchError } from '../../source/batch-error.ts';
import { ConfigError, LifecycleError, ProcessError } from '../../source/kernel/errors.ts';
import { makeMessage } from '../../source/testing/fake-kafka/fake-message.ts';

/** What a job with many partitions whose handler fails prints when nobody catches it. */
function failedBatch(count: number): ProcessError {
  const failures = Array.from({ length: count }, (_, offset) => ({
    message: makeMessage({ offset }),
    error: new Error(`bad ${offset}`, { cause: new TypeError('deep') }),
  }));
  const error = new ProcessError('The process failed', {
    cause: new BatchError(failures),
    partition: 0,
    ranges: [{ topic: 'in', partition: 0, first: 0, last: 5 }],
  });
  for (let at = 0; at < count; at++) error.suppressed.push(new LifecycleError(`late ${at}`));
  return error;
}

test('an uncaught ProcessError is a page, however many messages and partitions it is about', (t) => {
  const lines = inspect(failedBatch(300)).split('\n');
  t.is(inspect(failedBatch(4)).split('\n').length, lines.length);
  t.true(lines.length <= 50, `${lines.length} lines`);
  const text = lines.join('\n');
  t.regex(text, /^ProcessError: The process failed \{$/m);
  t.regex(text, /in\/0 offset 2: bad 2,\n\s+… 297 more/);
  t.regex(text, /LifecycleError: late 2,\n\s+… 297 more/);
  t.regex(text, /\[cause\]: Error: bad 0\n\s+at .*inspected-error\.spec/);
  t.regex(text, /\[cause\]: TypeError: deep\n\s+at /);
});

test('Node prints no more of one that nobody catches', (t) => {
  // As Node's own handler does, for which an error cannot choose its text.
  const print = (error: Error) => inspect(error, { customInspect: false, depth: 5 }).split('\n').length;
  t.is(print(failedBatch(4)), print(failedBatch(300)));
  t.true(print(failedBatch(4)) <= 70);
});

test('one without a cause shows where it was thrown, and no fields that say nothing', (t) => {
  const text = inspect(new ConfigError(['a', 'b']));
  t.regex(text, /^ConfigError: Configuration: 2 problems:\n {2}- a\n {2}- b\n {4}at /);
  t.regex(text, /code: 'CONFIG',\n {2}problems: \[\n {4}'a',\n {4}'b'\n {2}\]\n\}$/);
  t.notRegex(text, /suppressed|retriable|Symbol/);
});

test('a ring of causes has an end, also through errors of others', (t) => {
  const own = new LifecycleError('own', { cause: new Error('other') });
  (own.cause as Error).cause = own;
  t.regex(inspect(own), /LifecycleError: own[^]*Error: other[^]*\[Circular LifecycleError\]/);
});

test('what cannot be read is no failure of its own', (t) => {
  const unreadable = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('no text');
    },
  });
  const error = new LifecycleError('own');
  error.suppressed.push(unreadable, Object.create(null));
  t.regex(inspect(error), /suppressed: \[\n\s+\[object Error\],\n\s+\[Object: null prototype\] \{\}\n/);
});
