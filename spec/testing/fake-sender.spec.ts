import test from 'ava';
import { consumerMessage, FakeSender } from '../../source/testing/index.ts';

test('it keeps what is sent, in order, and where it was flushed', async (t) => {
  const sender = new FakeSender();
  sender.send({ topic: 'a', key: 'k', value: '1' });
  await sender.flush();
  sender.send({ topic: 'b', value: null });
  t.deepEqual(sender.sent, [
    { topic: 'a', key: 'k', value: '1' },
    { topic: 'b', value: null },
  ]);
  t.deepEqual(sender.flushes, [1]);
});

test('of a message that is forwarded it keeps the fields that it has, with those that are given over them', (t) => {
  const sender = new FakeSender();
  const at = { topic: 'in', partition: 3, offset: 9 };
  sender.forward(consumerMessage({ ...at, value: 'v' }), { topic: 'out' });
  sender.forward(consumerMessage({ ...at, key: 'k', value: 'v', headers: { a: '1' }, timestamp: 5 }), {
    topic: 'out',
    value: null,
    partition: 1,
    key: undefined,
  } as never);
  t.deepEqual(sender.sent, [
    { topic: 'out', value: Buffer.from('v') },
    {
      topic: 'out',
      key: Buffer.from('k'),
      value: null,
      headers: [['a', Buffer.from('1')]],
      timestamp: 5,
      partition: 1,
    },
  ]);
});

test('what names no topic is refused', (t) => {
  const sender = new FakeSender();
  t.throws(
    () => {
      sender.send({ value: '' } as never);
    },
    { code: 'CONFIG', message: /object with a topic/ },
  );
  t.throws(
    () => {
      sender.forward(consumerMessage({ topic: 'in', partition: 0, offset: 0 }), {} as never);
    },
    { code: 'CONFIG' },
  );
});
