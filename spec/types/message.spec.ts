import test from 'ava';
import type { ConsumerMessage, MessageObject, ProducerMessage } from '../../source/index.ts';
import { consumerMessage, type ConsumerMessageInit } from '../../source/testing/index.ts';
import { sameType } from './same-type.ts';

test('the types promise nothing of a spread message, which has nothing', (t) => {
  const message = consumerMessage({ topic: 't', partition: 0, offset: 1, headers: { a: 'b' } });
  const spread = { ...message };
  sameType<keyof typeof spread, never>(true);
  t.deepEqual(Object.keys(spread), []);
  const headers = { ...message.headers };
  sameType<keyof typeof headers, never>(true);
  t.deepEqual(Object.keys(headers), []);
});

test('its fields are promised by toObject, which may be sent on or made a message of again', (t) => {
  const message: ConsumerMessage = consumerMessage({ topic: 't', partition: 0, offset: 1 });
  const object: MessageObject = message.toObject();
  const outgoing: ProducerMessage = { ...object, topic: 'out' };
  const again: ConsumerMessageInit = object;
  t.deepEqual([outgoing.topic, again.offset], ['out', 1]);
});

test('code that reads fields takes a message, and a copy is one', (t) => {
  const offsetOf = ({ offset }: { readonly offset: number }) => offset;
  const message = consumerMessage({ topic: 't', partition: 0, offset: 1 });
  t.deepEqual([offsetOf(message), offsetOf(message.copy())], [1, 1]);
});
