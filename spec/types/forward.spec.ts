import test from 'ava';
import type { ConsumerMessage, ForwardFields, Sender } from '../../source/index.ts';
import { sameType } from './same-type.ts';

test('forward takes a message and where it goes to, and nothing that it would ignore', (t) => {
  const taken = (sender: Sender, message: ConsumerMessage) => {
    sender.forward(message, { topic: 'out' });
    sender.forward(message, { topic: 'out', key: null, value: 'text', headers: message.headers });
    sender.forward(message, { topic: 'out', partition: message.partition, timestamp: message.timestamp });
  };
  const refused = (sender: Sender, message: ConsumerMessage) => {
    // @ts-expect-error topic is missing
    sender.forward(message, { value: 'x' });
    // @ts-expect-error fields are missing
    sender.forward(message);
    // @ts-expect-error a field that does not exist
    sender.forward(message, { topic: 'out', vlaue: 'x' });
    // @ts-expect-error the offset is the broker's
    sender.forward(message, { topic: 'out', offset: 5 });
    // @ts-expect-error a value that is not encoded
    sender.forward(message, { topic: 'out', value: { a: 1 } });
    // @ts-expect-error what is not a message
    sender.forward({ topic: 'in', value: 'x' }, { topic: 'out' });
    // @ts-expect-error undefined by name: leave it out
    sender.forward(message, { topic: 'out', value: undefined });
  };
  t.is(typeof taken, 'function');
  t.is(typeof refused, 'function');
  sameType<Parameters<Sender['forward']>, [message: ConsumerMessage, fields: ForwardFields]>(true);
});

test('a sender of the user has all methods', (t) => {
  // @ts-expect-error forward is missing
  const sender: Sender = { send: () => undefined, flush: () => Promise.resolve() };
  t.is(typeof sender.send, 'function');
});
