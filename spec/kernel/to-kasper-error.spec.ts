import test from 'ava';
import { LifecycleError, TimeoutError } from '../../source/kernel/errors.ts';
import { toKasperError } from '../../source/kernel/to-kasper-error.ts';

const wrap = (text: string, options: { readonly cause: unknown }) =>
  new LifecycleError(`It failed: ${text}`, options);

test('an error of ours stays as it is', (t) => {
  const error = new TimeoutError('late');
  t.is(toKasperError(error, wrap), error);
});

test('anything else is wrapped, and is the cause', (t) => {
  for (const [thrown, text] of [
    [new TypeError('odd'), 'It failed: TypeError: odd'],
    ['text', 'It failed: text'],
    [undefined, 'It failed: undefined'],
    [Object.create(null), 'It failed: [object Object]'],
  ] as const) {
    const error = toKasperError(thrown, wrap);
    t.true(error instanceof LifecycleError);
    t.is(error.message, text);
    t.true('cause' in error);
    t.is(error.cause, thrown);
  }
});
