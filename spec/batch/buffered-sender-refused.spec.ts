import test from 'ava';
import { SendError } from '../../source/kernel/errors.ts';
import type { ProducerMessage } from '../../source/message.ts';
import { bench } from './sender-bench.ts';

const refused: readonly (readonly [message: unknown, error: RegExp])[] = [
  [undefined, /^A record must be an object \{ topic, key, value \}, not undefined$/],
  [null, /^A record must be an object .* not null$/],
  ['text', /^A record must be an object .* not 'text'$/],
  [{ value: 'x' }, /^topic must be the name of a topic, not undefined$/],
  [{ topic: '', value: 'x' }, /^topic must be the name of a topic, not ''$/],
  [{ topic: 5, value: 'x' }, /^topic must be the name of a topic, not 5$/],
  [{ topic: 'out', vlaue: 'x' }, /^unknown field 'vlaue'; did you mean 'value'\? \(topic 'out'\)$/],
  [{ tpoic: 'out', value: 'x' }, /^unknown field 'tpoic'; did you mean 'topic'\? \(topic undefined\)$/],
  [{ topic: 'out', value: 'x', heders: {} }, /^unknown field 'heders'; did you mean 'headers'\?/],
  [
    { topic: 'out', value: 'x', messages: [] },
    /^unknown field 'messages'; known are topic, key, value, headers, partition, timestamp \(topic 'out'\)$/,
  ],
  [{ topic: 'out' }, /^value is missing \(topic 'out'\): give bytes or text, or null for a tombstone$/],
  [
    { topic: 'out', value: 5 },
    /^value must be a Buffer, text or null, not 5 \(topic 'out'\): encode it first$/,
  ],
  [{ topic: 'out', value: { a: 1 } }, /^value must be .* not an object of Object \(topic 'out'\)/],
  [{ topic: 'out', value: Object.create(null) as object }, /^value must be .* not an object/],
  [{ topic: 'out', value: new Uint16Array(2) }, /^value must be .* not an object/],
  [{ topic: 'out', value: ['x'] }, /^value must be .* not a list/],
  [{ topic: 'out', value: 'x', key: 5n }, /^key must be .* not 5n /],
  [
    { topic: 'out', value: 'x', partition: -1 },
    /^partition must be 0, 1, 2, … or left out, not -1 \(topic 'out'\)$/,
  ],
  [{ topic: 'out', value: 'x', partition: 1.5 }, /^partition must be .* not 1\.5/],
  [{ topic: 'out', value: 'x', partition: '1' }, /^partition must be .* not '1'/],
  [{ topic: 'out', value: 'x', partition: null }, /^partition must be .* not null/],
  [
    { topic: 'out', value: 'x', timestamp: -2 },
    /^timestamp must be whole milliseconds since 1970, or -1 for none, not -2/,
  ],
  [{ topic: 'out', value: 'x', timestamp: 1.5 }, /^timestamp must be .* not 1\.5/],
  [{ topic: 'out', value: 'x', timestamp: new Date() }, /^timestamp must be .* not an object/],
  [{ topic: 'out', value: 'x', headers: 'a=b' }, /^headers must be an object or name-value pairs, not 'a=b'/],
  [{ topic: 'out', value: 'x', headers: null }, /^headers must be .* not null/],
  [{ topic: 'out', value: 'x', headers: { a: 5 } }, /^header 'a' must be a Buffer, text or null, not 5/],
  [{ topic: 'out', value: 'x', headers: { a: undefined } }, /^header 'a' must be .* not undefined/],
  [{ topic: 'out', value: 'x', headers: { a: ['x', 5] } }, /^header 'a' must be .* not 5/],
  [{ topic: 'out', value: 'x', headers: ['ab'] }, /^headers: 'ab' is not a name-value pair/],
  [{ topic: 'out', value: 'x', headers: [[5, 'x']] }, /^headers: a name must be text, not 5/],
  [
    { topic: 'out', value: 'x'.repeat(981) },
    /^A record for topic 'out' is 1001 bytes, more than maxRecordBytes \(1000\)\. Send less, or raise maxRecordBytes together with the topic's max\.message\.bytes\.$/,
  ],
];
for (const [at, [message, error]] of refused.entries()) {
  test(`bad record ${at + 1} is refused when it is sent, and nothing is buffered: ${error.source}`, (t) => {
    const { sender } = bench(t);
    t.throws(
      () => {
        sender.send(message as ProducerMessage);
      },
      { instanceOf: SendError, message: error },
    );
    t.is(sender.count, 0);
  });
}

for (const topic of ['a b', 'übung', '..', 'x'.repeat(250)]) {
  test(`a topic that cannot exist is refused when it is sent: '${topic.slice(0, 10)}'`, (t) => {
    const { sender, kafka } = bench(t);
    t.throws(
      () => {
        sender.send({ topic, value: 'x' });
      },
      { instanceOf: SendError, message: /^'.+' is not a topic name \(1 to 249 letters, .*\)$/ },
    );
    t.is(sender.count, 0);
    t.deepEqual(kafka.calls, []);
  });
}

test('a field that does not exist is found in the very record that has it', (t) => {
  const { sender } = bench(t, { maxSendBufferBytes: 1_000_000 });
  for (let at = 0; at < 10; at++) sender.send({ topic: 'out', value: 'x' });
  const odd = { topic: 'out', value: 'x', heders: {} };
  const error = t.throws(
    () => {
      sender.send(odd);
    },
    { instanceOf: SendError },
  );
  t.regex(error.message, /unknown field 'heders'/);
});

test('a record of each shape that its types allow is taken', (t) => {
  const { sender } = bench(t, { maxSendBufferBytes: 1_000_000 });
  const full = { topic: 'out', key: 'k', value: 'x', headers: { a: 'b' }, partition: 0, timestamp: 5 };
  t.notThrows(() => {
    sender.send(full);
    sender.send({ ...full, offset: 9, keyText: 'k', valueText: 'x', bytes: 7 } as ProducerMessage);
  });
});

test('a record that is held is checked as any other', async (t) => {
  const { sender, sink } = bench(t);
  await sink.loadTopic('out');
  sender.hold();
  for (const message of [
    { topic: 'out', value: 'x'.repeat(2000) },
    { topic: 'out', value: 'x', partition: 9 },
  ]) {
    t.throws(
      () => {
        sender.send(message);
      },
      { instanceOf: SendError },
    );
  }
  t.is(sender.count, 0);
});
