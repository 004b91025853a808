import test from 'ava';
import { splitBatch } from '../../../../source/kafka/kafkajs/produce/split-batch.ts';
import { prepareCompression } from '../../../../source/kafka/records/compression.ts';
import { measureEncoded } from '../../../../source/kafka/records/encode-record.ts';
import { RecordBatchBuilder, stampBatch } from '../../../../source/kafka/records/record-batch-builder.ts';
import { compressions, decoded, measured, plain, record } from '../../records/batches.ts';

test.before(prepareCompression);

for (const compression of compressions) {
  test(`a batch with ${compression} is halved in its order, and its records keep all that they have`, (t) => {
    const builder = new RecordBatchBuilder({ compression });
    for (let at = 0; at < 5; at++) {
      builder.append(
        measured(
          record({
            key: at === 3 ? null : Buffer.from(`k${at}`),
            value: at === 1 ? null : Buffer.from(`v${at}`),
            headers: { a: ['1', null], b: '2' },
            timestamp: 1000 - at,
          }),
        ),
      );
    }
    const sealed = builder.seal();
    const halves = splitBatch(
      { topic: 'orders', partition: 3, sealed, maybeStored: false, repeated: false },
      compression,
    );
    const found = halves.map((half) => {
      stampBatch(half, undefined);
      return decoded(half.bytes).messages.map(plain);
    });
    const whole = decoded(sealed.bytes).messages.map(plain);
    t.deepEqual(
      found.map((half) => half.length),
      [3, 2],
    );
    t.deepEqual(found.flat(), [
      ...whole.slice(0, 3),
      ...whole.slice(3).map((one, at) => ({ ...one, offset: at })),
    ]);
  });
}

test('a header whose name is no UTF-8 has the same bytes in a half', (t) => {
  // No key, a value of one byte, one header with a name of two bytes and no value.
  const fields = Buffer.from([1, 2, 0x76, 2, 4, 0xff, 0xfe, 1]);
  const encoded = { buffer: fields, start: 0, end: fields.length, timestamp: 0, bytes: 0 };
  measureEncoded(encoded);
  const builder = new RecordBatchBuilder({ compression: 'none' });
  builder.appendEncoded(encoded);
  builder.appendEncoded(encoded);
  const halves = splitBatch(
    { topic: 'orders', partition: 3, sealed: builder.seal(), maybeStored: false, repeated: false },
    'none',
  );
  t.deepEqual(
    halves.map(({ bytes }) => bytes.subarray(-fields.length)),
    [fields, fields],
  );
});
