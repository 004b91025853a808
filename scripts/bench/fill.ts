import type { KafkaClient } from '../../source/index.ts';

/** Fills a topic evenly with records whose keys have 7 bytes. */
export async function fill(
  client: KafkaClient,
  topic: string,
  partitions: number,
  records: number,
  valueBytes: number,
): Promise<void> {
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 60_000 });
  await sink.loadTopic(topic);
  const accumulator = sink.accumulator();
  const value = Buffer.alloc(valueBytes, 'v');
  const timestamp = Date.now();
  for (let i = 0; i < records; i++) {
    const key = Buffer.from(String(i).padStart(7, '0'));
    accumulator.append(topic, i % partitions, accumulator.measure({ key, value, headers: [], timestamp }));
    if (accumulator.bytes > 16 * 1024 * 1024) await accumulator.flush();
  }
  await accumulator.flush();
  await sink.close();
}
