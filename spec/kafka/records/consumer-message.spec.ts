import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { ConfigError } from '../../../source/kernel/errors.ts';
import { type ConsumerMessageInit, consumerMessage } from '../../../source/kafka/records/consumer-message.ts';
import { anyRecord, plain } from './batches.ts';

const at = { topic: 'orders', partition: 3, offset: 42 } as const;

test('a message made by hand reads as it was given', (t) => {
  const property = fc.property(anyRecord, fc.maxSafeNat(), (one, offset) => {
    const message = consumerMessage({ topic: 'orders', partition: 3, offset, ...one });
    assert.deepEqual(plain(message), { offset, ...one });
    assert.deepEqual([message.topic, message.partition], ['orders', 3]);
  });
  t.notThrows(() => {
    fc.assert(property);
  });
});

test('what is left out is null, none and -1', (t) => {
  t.deepEqual(plain(consumerMessage(at)), { offset: 42, key: null, value: null, headers: [], timestamp: -1 });
});

test('text of any length and script is read as it was given', (t) => {
  const property = fc.property(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ maxLength: 20 }),
    (a, b) => {
      const message = consumerMessage({ ...at, key: b, value: a });
      assert.deepEqual([message.keyText, message.valueText], [b, a]);
      assert.deepEqual([message.key?.toString(), message.value?.toString()], [b, a]);
    },
  );
  t.notThrows(() => {
    fc.assert(property, { numRuns: 1000 });
  });
});

test('bytes that are not UTF-8 read as replacement characters, as Buffer.toString() has them', (t) => {
  for (const key of [Buffer.from([0x61, 0xff]), Buffer.alloc(30, 0xfe)]) {
    t.is(consumerMessage({ ...at, key }).keyText, key.toString());
  }
});

test('of a repeated header get gives the last value and getAll gives all', (t) => {
  const { headers } = consumerMessage({ ...at, headers: { a: ['1', '2', null], b: '3' } });
  t.is(headers.size, 4);
  t.is(headers.get('a'), null);
  t.deepEqual(headers.getAll('a'), [Buffer.from('1'), Buffer.from('2'), null]);
  t.is(headers.get('b')?.toString(), '3');
  t.is(headers.get('c'), undefined);
  t.deepEqual(headers.getAll('c'), []);
});

test('a message is readable in logs', (t) => {
  const message = consumerMessage({
    ...at,
    key: 'k',
    value: Buffer.from([0xff, 0x00]),
    headers: { trace: 'abc', none: null },
    timestamp: 7,
  });
  const readable = {
    topic: 'orders',
    partition: 3,
    offset: 42,
    timestamp: 7,
    key: 'k',
    value: 'base64:/wA=',
    headers: [
      ['trace', 'abc'],
      ['none', null],
    ],
  };
  t.deepEqual(JSON.parse(JSON.stringify(message)), readable);
  t.is(inspect(message), inspect(readable));
});

test('every wrong field is listed', (t) => {
  const wrong = { topic: 1, partition: -1, offset: 2 ** 53, timestamp: -2, key: 7, value: {} };
  const error = t.throws(() => consumerMessage(wrong as unknown as ConsumerMessageInit), {
    instanceOf: ConfigError,
  });
  t.deepEqual(
    error.problems.map((problem) => problem.split(' ')[0]),
    ['topic', 'partition', 'offset', 'timestamp', 'key', 'value'],
  );
  t.throws(() => consumerMessage({ ...at, headers: { h: 1 } } as unknown as ConsumerMessageInit), {
    instanceOf: ConfigError,
    message: /header "h"/,
  });
});
