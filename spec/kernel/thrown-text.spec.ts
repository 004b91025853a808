import test from 'ava';
import { messageOf, stackOf, textOf } from '../../source/kernel/thrown-text.ts';

const refuses = () => {
  throw new Error('no text');
};

const values: Readonly<Record<string, readonly [value: unknown, text: string, message: string]>> = {
  'an error': [new TypeError('odd'), 'TypeError: odd', 'odd'],
  'an error without a message': [new TypeError(), 'TypeError', ''],
  'an error whose message throws': [
    Object.defineProperty(new Error('x'), 'message', { get: refuses }),
    '[object Error]',
    '[object Error]',
  ],
  'an error whose message is no text': [Object.assign(new Error('x'), { message: 5 }), 'Error: 5', '5'],
  text: ['text', 'text', 'text'],
  nothing: [undefined, 'undefined', 'undefined'],
  'a symbol': [Symbol('odd'), 'Symbol(odd)', 'Symbol(odd)'],
  'an object without a prototype': [Object.create(null), '[object Object]', '[object Object]'],
  'an object that refuses': [{ toString: refuses }, '[object Object]', '[object Object]'],
  'an object that refuses twice': [
    {
      toString: refuses,
      get [Symbol.toStringTag]() {
        return refuses();
      },
    },
    'an object without a text',
    'an object without a text',
  ],
};

for (const [what, [value, text, message]] of Object.entries(values)) {
  test(`${what} as text`, (t) => {
    t.is(textOf(value), text);
    t.is(messageOf(value), message);
  });
}

test('a stack where there is one', (t) => {
  const error = new Error('here');
  t.true(stackOf(error).startsWith('Error: here\n    at '));
  t.is(stackOf(Object.assign(new Error('here'), { stack: undefined })), 'here');
  t.is(stackOf(Object.defineProperty(new Error('here'), 'stack', { get: refuses })), 'here');
  t.is(stackOf('text'), 'text');
});
