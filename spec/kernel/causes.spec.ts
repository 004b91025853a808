import test from 'ava';
import { causes, suppressedBy } from '../../source/kernel/causes.ts';
import { TimeoutError } from '../../source/kernel/errors.ts';

test('an error comes first, then what caused it, up to a cause that is no error', (t) => {
  const inner = new Error('inner', { cause: 'a text' });
  const outer = new Error('outer', { cause: inner });
  t.deepEqual([...causes(outer)], [outer, inner, 'a text']);
  t.deepEqual([...causes('a text')], ['a text']);
  t.deepEqual([...causes(undefined)], [undefined]);
});

test('in a ring each error comes once', (t) => {
  const inner = new Error('inner');
  const outer = new Error('outer', { cause: inner });
  inner.cause = outer;
  t.deepEqual([...causes(outer)], [outer, inner]);
});

test('what is given as well comes level by level, each error once', (t) => {
  const shared = new Error('shared');
  const a = new AggregateError([shared, 'text'], 'a', { cause: shared });
  const b = new Error('b', { cause: a });
  const outer = new AggregateError([b, a], 'outer', { cause: b });
  shared.cause = outer;
  t.deepEqual([...causes(outer, { and: suppressedBy })], [outer, b, a, shared, 'text']);
});

test('a chain of new errors ends at the depth that is given', (t) => {
  class Endless extends Error {
    override get cause(): Endless {
      return new Endless();
    }
  }
  t.is([...causes(new Endless())].length, 100);
  t.is([...causes(new Endless(), { deepest: 3 })].length, 3);
});

test('getters that throw end the chain', (t) => {
  const error = Object.defineProperties(new Error('closed'), {
    cause: {
      get() {
        throw new Error('not to be read');
      },
    },
    suppressed: {
      get() {
        throw new Error('not to be read');
      },
    },
  });
  t.deepEqual([...causes(error, { and: suppressedBy })], [error]);
  const { proxy, revoke } = Proxy.revocable(error, {});
  revoke();
  t.is([...causes(proxy, { and: suppressedBy })].length, 1);
});

test('what failed beside an error is in suppressed, or in the errors of an AggregateError', (t) => {
  const error = new TimeoutError('late');
  error.suppressed.push('one', 'two');
  t.deepEqual(suppressedBy(error), ['one', 'two']);
  t.deepEqual(suppressedBy(new AggregateError([1, 2])), [1, 2]);
  t.deepEqual(suppressedBy(Object.assign(new Error('odd'), { suppressed: 'text' })), []);
  t.deepEqual(suppressedBy('text'), []);
});
