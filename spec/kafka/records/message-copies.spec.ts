import test from 'ava';
import { consumerMessage } from '../../../source/kafka/records/consumer-message.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import { makeMessage } from '../../../source/testing/fake-kafka/fake-message.ts';
import { batchOf, decoded, plain, record } from './batches.ts';

const contents = [
  record({ key: Buffer.from('a'), value: Buffer.alloc(2000, 'x'), headers: { h: 'ä', none: null } }),
  record({ key: null, value: null }),
  record({ key: Buffer.alloc(0), value: Buffer.from([0xff, 0]), headers: { h: ['1', '2'] } }),
];

/** Messages of one batch, which shares its bytes among them. */
function consumed(): readonly ConsumerMessage[] {
  return decoded(batchOf(contents, { baseOffset: 40 })).messages;
}

test('keys, values and header values are Buffers over the very bytes that the broker sent', (t) => {
  const batch = batchOf(contents, { baseOffset: 40 });
  const answer = Buffer.concat([Buffer.alloc(7), batch, Buffer.alloc(9)]);
  const [first, , third] = decoded(answer.subarray(7, 7 + batch.length)).messages;
  const views = [first?.key, first?.value, first?.headers.get('h'), third?.key, third?.value];
  for (const view of views) {
    t.true(Buffer.isBuffer(view));
    t.is(Object.getPrototypeOf(view), Buffer.prototype);
    t.is(view?.buffer, answer.buffer);
  }
  t.deepEqual(
    views.map((view) => view?.length),
    [1, 2000, 2, 0, 2],
  );
  first?.value?.fill('y');
  t.true(answer.includes(Buffer.alloc(2000, 'y')));
});

test('a copy reads as the message does, and keeps no bytes of the response', (t) => {
  const messages = consumed();
  t.is(messages.length, 3);
  for (const message of messages) {
    const copy = message.copy();
    t.deepEqual(plain(copy), plain(message));
    t.deepEqual(
      [copy.topic, copy.partition, copy.bytes, copy.keyText, copy.valueText],
      [message.topic, message.partition, message.bytes, message.keyText, message.valueText],
    );
    if (copy.value !== null) t.is(copy.value.buffer.byteLength, message.bytes);
  }
});

test('a copy is left as it is when the bytes of the response change', (t) => {
  const [message] = consumed();
  const copy = message?.copy();
  const object = message?.toObject();
  message?.value?.fill(0);
  t.is(copy?.valueText?.slice(0, 3), 'xxx');
  t.is(object?.value?.toString().slice(0, 3), 'xxx');
});

test('a plain object has the fields of the record, survives a clone, and becomes the same message', (t) => {
  for (const message of consumed()) {
    const object = message.toObject();
    t.deepEqual(Object.keys(object), [
      'topic',
      'partition',
      'offset',
      'timestamp',
      'key',
      'value',
      'headers',
    ]);
    t.deepEqual(plain(consumerMessage(object)), plain(message));
    const clone = structuredClone(object);
    t.deepEqual([clone.topic, clone.offset], [message.topic, message.offset]);
    t.deepEqual(clone.value && Buffer.from(clone.value), message.value);
    // Not the response, of which the message is a view.
    if (clone.value !== null) t.true(clone.value.buffer.byteLength <= message.bytes);
  }
});

test('a message of a fake has copies too', (t) => {
  const message = makeMessage({ key: 'k', headers: [['h', null]], bytes: 7 });
  const copy = message.copy();
  t.deepEqual([copy.keyText, copy.headers.size, copy.bytes], ['k', 1, 7]);
  t.deepEqual(message.toObject().headers, [['h', null]]);
});
