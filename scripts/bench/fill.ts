import type { Compression, KafkaClient } from '../../source/index.ts';
import { forEachKey, keyText, type InputShape } from './input-records.ts';
import { inputValues } from './input-values.ts';

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
  const valueOf = inputValues(shape);
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
