import test from 'ava';
import { LifecycleError, ProduceError } from '../../source/kernel/errors.ts';
import { bench } from './sender-bench.ts';

test('the order of records is kept when a topic is known late', async (t) => {
  const { kafka, sender, sink } = bench(t);
  await sink.loadTopic('other');
  sender.send({ topic: 'other', value: '1', partition: 0 });
  sender.send({ topic: 'out', value: 'a', partition: 2 });
  sender.send({ topic: 'other', value: '2', partition: 0 });
  const gate = kafka.hold('loadTopic');
  const flushed = sender.flush();
  await kafka.quiet();
  sender.send({ topic: 'out', value: 'b', partition: 2 });
  sender.send({ topic: 'other', value: '3', partition: 0 });
  gate.open();
  await flushed;
  await sender.flush();
  t.deepEqual(kafka.values('other'), ['1', '2', '3']);
  t.deepEqual(kafka.values('out'), ['a', 'b']);
});

test('topics that come up while others are asked for are asked for as well', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'out', value: 'a' });
  const gate = kafka.hold('loadTopic', ({ topic }) => topic === 'out');
  const flushed = sender.flush();
  await kafka.quiet();
  sender.send({ topic: 'other', value: '1' });
  gate.open();
  await flushed;
  t.deepEqual(kafka.values('out'), ['a']);
  t.deepEqual(kafka.values('other'), ['1']);
});

test('an unknown topic fails the flush, and the records are kept', async (t) => {
  const { kafka, sender } = bench(t);
  sender.send({ topic: 'missing', value: 'a' });
  await t.throwsAsync(sender.flush(), { instanceOf: ProduceError, message: /'missing' does not exist/ });
  t.is(sender.count, 1);
  kafka.createTopic('missing');
  await sender.flush();
  t.deepEqual(kafka.values('missing'), ['a']);
});

test('after a flush that failed the acked part is gone and the rest is kept, so that nothing is sent twice', async (t) => {
  const { kafka, sender } = bench(t);
  for (const partition of [0, 1])
    for (const value of ['a', 'b']) sender.send({ topic: 'out', value: `${value}${partition}`, partition });
  kafka.fail('produce', new Error('not enough replicas'), { where: ({ partition }) => partition === 1 });
  const error = await t.throwsAsync(sender.flush(), { instanceOf: ProduceError });
  t.deepEqual(
    error.acked.map(({ partition, records }) => [partition, records]),
    [[0, 2]],
  );
  t.deepEqual(
    error.failed.map(({ partition, records }) => [partition, records]),
    [[1, 2]],
  );
  t.is(sender.count, 2);
  t.is(sender.sent, 2);
  sender.send({ topic: 'out', value: 'c1', partition: 1 });
  await sender.flush();
  t.deepEqual(kafka.values('out'), ['a0', 'b0', 'a1', 'b1', 'c1']);
  t.is(sender.sent, 5);
});

test('flushes that overlap go one after another and send everything once', async (t) => {
  const { kafka, sender } = bench(t);
  const gate = kafka.hold('produce');
  sender.send({ topic: 'out', value: '1', partition: 0 });
  const first = sender.flush();
  await kafka.quiet();
  sender.send({ topic: 'out', value: '2', partition: 0 });
  const second = sender.flush();
  await kafka.quiet();
  t.is(kafka.callsOf('produce').length, 1);
  gate.open();
  await Promise.all([first, second]);
  t.deepEqual(kafka.values('out'), ['1', '2']);
});

test('a flush after one that failed tries again', async (t) => {
  const { kafka, sender } = bench(t);
  kafka.fail('produce', new Error('no'));
  sender.send({ topic: 'out', value: '1' });
  const first = sender.flush();
  const second = sender.flush();
  await t.throwsAsync(first, { instanceOf: ProduceError });
  await second;
  t.deepEqual(kafka.values('out'), ['1']);
});

for (const known of [true, false]) {
  test(`bytes that wait are bounded, ${known ? 'placed' : 'not placed yet'} or held back; a flush makes room`, async (t) => {
    const { sender, sink } = bench(t);
    if (known) await sink.loadTopic('out');
    const record = { topic: 'out', value: 'x'.repeat(880) };
    const tooMuch = {
      instanceOf: LifecycleError,
      message:
        '5 records (4500 bytes) wait to be sent, and 900 bytes more would exceed maxSendBufferBytes (5000): await sender.flush() now and then, make batches smaller, or raise the limit.',
    };
    for (let sent = 0; sent < 3; sent++) sender.send(record);
    sender.hold();
    for (let sent = 0; sent < 2; sent++) sender.send(record);
    t.throws(() => {
      sender.send(record);
    }, tooMuch);
    sender.takeBack();
    sender.hold();
    for (let sent = 0; sent < 2; sent++) sender.send(record);
    sender.keep();
    t.throws(() => {
      sender.send(record);
    }, tooMuch);
    await sender.flush();
    for (let sent = 0; sent < 5; sent++) sender.send(record);
    t.throws(() => {
      sender.send(record);
    }, tooMuch);
  });

  test(`what is held is sent when it is kept, in its order, and never when it is taken back (topic ${known ? 'known' : 'not known'})`, async (t) => {
    const { kafka, sender, sink } = bench(t);
    if (known) await sink.loadTopic('out');
    const send = (value: string) => {
      sender.send({ topic: 'out', value, partition: 0 });
    };
    send('1');
    sender.hold();
    send('2');
    sender.keep();
    sender.hold();
    send('no');
    sender.takeBack();
    sender.hold();
    send('3');
    await sender.flush();
    t.deepEqual(kafka.values('out'), ['1', '2', '3'], 'a flush keeps what is held');
    send('no');
    sender.takeBack();
    send('4');
    await sender.flush();
    t.deepEqual(kafka.values('out'), ['1', '2', '3', '4']);
  });
}
