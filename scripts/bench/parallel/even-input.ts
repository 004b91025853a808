import { randomUUID } from 'node:crypto';
import type { KafkaClient } from '../../../source/index.ts';

const FLUSH_BYTES = 16 * 1024 * 1024;
const VALUE_BYTES = 100;

/** Creates a topic that has as many records in each partition; returns its name. */
export async function makeEvenInput(
  client: KafkaClient,
  partitions: number,
  recordsEach: number,
): Promise<string> {
  const topic = `bench-even-${randomUUID()}`;
  await client.createTopics([{ topic, partitionCount: partitions }]);
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 60_000 });
  await sink.loadTopic(topic);
  const accumulator = sink.accumulator();
  const value = Buffer.alloc(VALUE_BYTES, 'v');
  const timestamp = Date.now();
  for (let at = 0; at < partitions * recordsEach; at++) {
    const record = accumulator.measure({ key: null, value, headers: [], timestamp });
    accumulator.append(topic, at % partitions, record);
    if (accumulator.bytes > FLUSH_BYTES) await accumulator.flush();
  }
  await accumulator.flush();
  await sink.close();
  return topic;
}
