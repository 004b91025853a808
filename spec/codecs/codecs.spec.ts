import test from 'ava';
import type { Codec } from '../../source/codecs/codec.ts';
import { bytes, CodecError, int64, json, string } from '../../source/index.ts';

const good: readonly (readonly [
  name: string,
  codec: Codec<never>,
  values: readonly (readonly [unknown, string])[],
])[] = [
  ['bytes', bytes as Codec<never>, [[Buffer.from([0xff, 0]), '\xff\0']]],
  [
    'string',
    string as Codec<never>,
    [
      ['', ''],
      ['\ufeffé', '\xef\xbb\xbf\xc3\xa9'],
    ],
  ],
  [
    'int64',
    int64 as Codec<never>,
    [
      [0, '0'],
      [-17, '-17'],
      [7, '7'],
      [123_456_789_012_345, '123456789012345'],
      [1_234_567_890_123_456, '1234567890123456'],
      [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ],
  ],
  [
    'json',
    json<unknown>() as Codec<never>,
    [
      [{ a: [1, null, 'é'] }, '{"a":[1,null,"\xc3\xa9"]}'],
      [null, 'null'],
    ],
  ],
];

for (const [name, codec, values] of good) {
  test(`${name} gives back what it was given, and writes what is agreed`, (t) => {
    for (const [value, text] of values) {
      const encoded = codec.encode(value as never);
      t.is(encoded.toString('latin1'), text);
      t.deepEqual(codec.decode(encoded), value as never);
    }
  });
}

test('int64 reads what Go writes and other programs may write, and no minus zero', (t) => {
  t.is(int64.decode(Buffer.from('+5')), 5);
  t.is(int64.decode(Buffer.from('007')), 7);
  t.is(int64.decode(Buffer.from('-0')), 0);
});

const badValues: Readonly<Record<string, readonly [Codec<never>, unknown, RegExp]>> = {
  'bytes of text': [bytes as Codec<never>, 'a', /a Buffer is needed, not string/],
  'string of a number': [string as Codec<never>, 5, /a string is needed, not number/],
  'string with half a pair': [string as Codec<never>, '\ud800', /half a surrogate pair/],
  'int64 of a fraction': [int64 as Codec<never>, 1.5, /not 1\.5/],
  'int64 that is too large': [int64 as Codec<never>, 2 ** 53, /not 9007199254740992/],
  'json of undefined': [json<never>(), undefined, /undefined cannot be written as JSON/],
  'json of a BigInt': [json<never>(), 1n, /the value cannot be written as JSON/],
};
for (const [what, [codec, value, message]] of Object.entries(badValues)) {
  test(`what has no bytes is a CodecError: ${what}`, (t) => {
    t.throws(() => codec.encode(value as never), { instanceOf: CodecError, message });
  });
}

const badBytes: Readonly<Record<string, readonly [Codec<unknown>, string, RegExp]>> = {
  'string that is no UTF-8': [string, '\xff', /not UTF-8/],
  'int64 of nothing': [int64, '', /"" is not a whole number/],
  'int64 of text': [int64, '1e5', /"1e5" is not a whole number/],
  'int64 of a letter before the digits': [int64, '/1', /"\/1" is not a whole number/],
  'int64 of a letter behind the digits': [int64, '1:', /"1:" is not a whole number/],
  'int64 that would be rounded': [int64, '9007199254740993', /beyond 2\^53 - 1/],
  'int64 that is endless': [int64, '1'.repeat(400), /beyond 2\^53 - 1|not a whole number/],
  'json that is cut off': [json(), '{"a":', /^json: /],
  'json that is no UTF-8': [json(), '"\xff"', /not UTF-8/],
};
for (const [what, [codec, text, message]] of Object.entries(badBytes)) {
  test(`bytes that are no value are a CodecError: ${what}`, (t) => {
    t.throws(() => codec.decode(Buffer.from(text, 'latin1')), { instanceOf: CodecError, message });
  });
}
