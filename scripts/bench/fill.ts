import type { Compression, KafkaClient } from '../../source/index.ts';
import { jsonNumber } from './jobs/json-values.ts';
import { forEachKey, keyText, type InputShape } from './input-records.ts';

const FLUSH_BYTES = 16 * 1024 * 1024;

/** Creates a topic of this shape and fills it, in record batches of some 1,000 records. */
export async function fillInput(
  client: KafkaClient,
  topic: string,
  shape: InputShape,
  compression: Compression,
): Promise<void> {
  await client.createTopics([{ topic, partitionCount: shape.partitions }]);
  const sink = client.sink({ idempotent: true, compression, retryTimeoutMs: 60_000 });
  await sink.loadTopic(topic);
  const accumulator = sink.accumulator();
  const valueOf = values(shape);
  const timestamp = Date.now();
  const indexes: number[] = [];
  forEachKey(shape, (index) => indexes.push(index));
  for (const index of indexes) {
    const record = { key: Buffer.from(keyText(index)), value: valueOf(index), headers: [], timestamp };
    accumulator.append(topic, index % shape.partitions, accumulator.measure(record));
    if (accumulator.bytes > FLUSH_BYTES) await accumulator.flush();
  }
  await accumulator.flush();
  await sink.close();
}

const WORDS = 'order customer amount pending shipped paid berlin lisbon oslo 2026 2027 EUR true false '.split(
  ' ',
);

/** Values of exactly that many bytes, which a codec makes some three times smaller. */
function values({ valueBytes, value, keys }: InputShape): (index: number) => Buffer {
  const pool = Buffer.alloc(valueBytes + keys * 3);
  for (let at = 0, word = 1; at < pool.length; word = (word * 48_271) % 2_147_483_647)
    at += pool.write(`${WORDS[word % WORDS.length] ?? ''} ${word % 97} `, at, 'latin1');
  if (value === 'text') return (index) => pool.subarray(index * 3, index * 3 + valueBytes);
  const around = Buffer.byteLength(jsonValue(0, ''));
  return (index) =>
    Buffer.from(jsonValue(index, pool.toString('latin1', index, index + Math.max(0, valueBytes - around))));
}

/** A JSON object that takes as many bytes for each index. */
function jsonValue(index: number, text: string): string {
  return `{"n":${jsonNumber(index)},"active":true,"text":"${text}"}`;
}
