import test from 'ava';
import fc from 'fast-check';
import { ResponseFramer } from '../../../../source/kafka/kafkajs/capture/response-framer.ts';
import { ConnectionError } from '../../../../source/kernel/errors.ts';

function framed(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

test('responses come out whole and in order, however their bytes arrive', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 200 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (bodies, cuts) => {
        const bytes = Buffer.concat(bodies.map(framed));
        const delivered: Buffer[] = [];
        const framer = new ResponseFramer('kafka:9092', (response) => delivered.push(Buffer.from(response)));
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const next = at + (cuts[i % cuts.length] ?? 1);
          framer.push(bytes.subarray(at, next));
          at = next;
        }
        t.deepEqual(
          delivered.map((body) => [...body]),
          bodies.map((body) => [...body]),
        );
      },
    ),
  );
});

test('what is put into its room and what is pushed make the same responses, each in memory of its own', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 200 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (bodies, cuts) => {
        const bytes = Buffer.concat(bodies.map(framed));
        const delivered: Buffer[] = [];
        const framer = new ResponseFramer('kafka:9092', (response) => delivered.push(response));
        const reused = Buffer.alloc(60);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const cut = cuts[i % cuts.length] ?? 1;
          const room = framer.room();
          const next = Math.min(bytes.length, at + Math.min(cut, room?.length ?? cut));
          bytes.copy(room ?? reused, 0, at, next);
          if (room === undefined) framer.push(reused.subarray(0, next - at));
          else framer.filled(next - at);
          at = next;
        }
        reused.fill(0xff);
        t.deepEqual(
          delivered.map((body) => [...body]),
          bodies.map((body) => [...body]),
        );
        for (const body of delivered) t.is(body.buffer.byteLength, body.length);
      },
    ),
  );
});

test('after a reset, what came of an unfinished response is forgotten', (t) => {
  const delivered: string[] = [];
  const framer = new ResponseFramer('kafka:9092', (response) => delivered.push(response.toString()));
  framer.push(framed(Buffer.from('lost')).subarray(0, 6));
  framer.reset();
  framer.push(framed(Buffer.from('first')).subarray(0, 2));
  framer.reset();
  framer.push(framed(Buffer.from('whole')));
  t.deepEqual(delivered, ['whole']);
});

for (const [what, bytes, remedy] of [
  ['a TLS alert', Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a]), /speaks TLS: give the ssl option/],
  ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request'), /an HTTP server answers.*Kafka listener/],
  ['a size below that of a correlation id', Buffer.from([0, 0, 0, 3, 0, 0, 0]), /Kafka listener.*ssl/],
] as const) {
  test(`${what} is distinguished from a response`, (t) => {
    const framer = new ResponseFramer('kafka:9092', () => {
      t.fail('nothing can be delivered');
    });
    const error = t.throws(
      () => {
        framer.push(bytes);
      },
      { instanceOf: ConnectionError },
    );
    t.regex(error.message, /^Broker kafka:9092: /);
    t.regex(error.message, remedy);
  });
}
