import { present } from './present.ts';
import type { RawClient } from './raw-client.ts';

/** One partition's answer to Produce. */
export interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly code: number;
  readonly baseOffset: number;
  readonly logAppendTime: number;
}

/** Records for one partition. */
export interface ToProduce {
  readonly topic: string;
  readonly partition?: number;
  readonly records: Buffer;
}

/**
 * Produce v7 (or another version from 5), acks=all: each entry is written as a topic of its own.
 */
export async function produce(
  client: RawClient,
  entries: readonly ToProduce[],
  version = 7,
): Promise<Produced[]> {
  const reader = await client.call({
    key: 0,
    version,
    body: (writer) =>
      writer
        .nullableString(null)
        .int16(-1)
        .int32(5_000)
        .array(entries, (_, { topic, partition = 0, records }) => {
          writer.string(topic).int32(1).int32(partition).bytes(records);
        }),
  });
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => {
        const partition = reader.int32();
        const code = reader.int16();
        const answer = { topic, partition, code, baseOffset: reader.int64(), logAppendTime: reader.int64() };
        reader.int64();
        return answer;
      });
    })
    .flat();
}

/** Sends one batch to partition 0; returns the error code and the offset. */
export async function produceOne(
  client: RawClient,
  topic: string,
  records: Buffer,
  version = 7,
): Promise<readonly [code: number, baseOffset: number]> {
  const [answer] = await produce(client, [{ topic, records }], version);
  const { code, baseOffset } = present(answer);
  return [code, baseOffset];
}

/** InitProducerId v1 without a transaction. */
export async function initProducerId(client: RawClient): Promise<{ code: number; producerId: bigint }> {
  const reader = await client.call({
    key: 22,
    version: 1,
    body: (writer) => writer.nullableString(null).int32(60_000),
  });
  reader.int32();
  return { code: reader.int16(), producerId: reader.bigInt64() };
}
