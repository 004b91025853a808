import test from 'ava';
import { BatchError, isBatchError } from '../source/batch-error.ts';
import { ConfigError, KasperError, LifecycleError } from '../source/kernel/errors.ts';
import { makeMessage } from '../source/testing/fake-kafka/fake-message.ts';

test('it names the first message that failed and counts the others', (t) => {
  const cause = new Error('no such user');
  const one = new BatchError([
    { message: makeMessage({ topic: 'users', partition: 3, offset: 17 }), error: cause },
  ]);
  t.is(one.message, 'Failed for users/3 offset 17: no such user');
  t.is(one.cause, cause);
  t.is(one.code, 'BATCH');
  t.is(one.name, 'BatchError');
  t.true(KasperError.is(one));
  t.false(one.retriable);
  const three = new BatchError(
    [1, 2, 3].map((offset) => ({ message: makeMessage({ offset }), error: 'text' })),
  );
  t.is(three.message, 'Failed for in/0 offset 1 and 2 more: text');
});

test('its failures are a frozen copy of the list', (t) => {
  const failures = [{ message: makeMessage(), error: 1 }];
  const error = new BatchError(failures);
  failures.pop();
  t.is(error.failures.length, 1);
  t.true(Object.isFrozen(error.failures));
});

test('one without failures cannot be made', (t) => {
  t.throws(() => new BatchError([]), { instanceOf: ConfigError, message: /at least one failure/ });
});

test('it is told by brand and code, also when another copy of the package made it', (t) => {
  const error = new BatchError([{ message: makeMessage(), error: 1 }]);
  const foreign = Object.assign(new Error('x'), {
    [Symbol.for('kasper-ts.error')]: true,
    code: 'BATCH',
    failures: [],
  });
  t.true(isBatchError(error));
  t.true(isBatchError(foreign));
  t.false(isBatchError(new LifecycleError('x')));
  t.false(isBatchError(Object.assign(new Error('x'), { code: 'BATCH' })));
  t.false(isBatchError(undefined));
});
