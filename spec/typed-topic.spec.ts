import test from 'ava';
import { int64 } from '../source/codecs/int64.ts';
import { header } from '../source/header.ts';
import { CodecError } from '../source/kernel/errors.ts';
import { consumerMessage } from '../source/testing/index.ts';
import { topic } from '../source/typed-topic.ts';

const totals = topic('totals', int64);
const at = { topic: 'totals', partition: 2, offset: 17 };

test('a topic with a type makes records, and reads them', (t) => {
  t.deepEqual(totals.message('ann', 5, { partition: 1 }), {
    topic: 'totals',
    key: 'ann',
    value: Buffer.from('5'),
    partition: 1,
  });
  t.deepEqual(totals.message(null, null), { topic: 'totals', key: null, value: null });
  t.is(totals.decode(consumerMessage({ ...at, value: '5' })), 5);
  t.true(Object.isFrozen(totals));
});

test('what cannot be decoded is named by its place', (t) => {
  t.throws(() => totals.decode(consumerMessage({ ...at, value: 'five' })), {
    instanceOf: CodecError,
    message: /^totals\/2 offset 17 could not be decoded: int64: "five" is not a whole number$/,
  });
  t.throws(() => totals.decode(consumerMessage(at)), {
    instanceOf: CodecError,
    message: /^totals\/2 offset 17 is a tombstone/,
  });
});

test('bad arguments are refused at once', (t) => {
  t.throws(() => topic('a b', int64), { code: 'CONFIG', message: /the name .*'a b'/ });
  t.throws(() => topic('a', {} as never), { code: 'CONFIG', message: /codec must have encode and decode/ });
  t.throws(() => header(7 as never), { code: 'CONFIG', message: /must be text, not 7/ });
});

test('a header is read as text, the last of its name', (t) => {
  const headers: [string, string | null][] = [
    ['id', 'a'],
    ['id', 'é'],
    ['none', null],
  ];
  const message = consumerMessage({ ...at, headers });
  t.is(header('id')(message), 'é');
  t.is(header('none')(message), undefined);
  t.is(header('other')(message), undefined);
});
