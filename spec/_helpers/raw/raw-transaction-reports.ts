import type { WireReader } from '../../../source/kafka/wire/wire-reader.ts';
import { present } from './present.ts';
import type { RawClient } from './raw-client.ts';

/** Who owns a transactional id. */
export interface Owner {
  readonly producerId: bigint;
  readonly epoch: number;
}

export interface DescribedTransaction extends Owner {
  readonly code: number;
  readonly id: string;
  readonly state: string;
  readonly timeoutMs: number;
  readonly startedAt: number;
  readonly partitions: readonly string[];
}

/** DescribeTransactions v0 of one id. */
export async function describeTransaction(client: RawClient, id: string): Promise<DescribedTransaction> {
  const reader = await client.call({
    key: 65,
    version: 0,
    flexible: true,
    body: (writer) => writer.compactArray([id], (_, one) => writer.compactString(one)).noTags(),
  });
  reader.int32();
  const [answer] = reader.compactArray(() => {
    const code = reader.int16();
    const described = {
      code,
      id: reader.compactString(),
      state: reader.compactString(),
      timeoutMs: reader.int32(),
      startedAt: reader.int64(),
      producerId: reader.bigInt64(),
      epoch: reader.int16(),
    };
    const partitions = reader.compactArray(() => {
      const topic = reader.compactString();
      const list = reader.compactArray(() => `${topic}/${reader.int32()}`);
      reader.skipTags();
      return list;
    });
    reader.skipTags();
    return { ...described, partitions: partitions.flat() };
  });
  return present(answer);
}

/** ListTransactions v1. */
export async function listTransactions(
  client: RawClient,
  filters: {
    readonly states?: readonly string[];
    readonly producerIds?: readonly bigint[];
    readonly durationMs?: number;
  } = {},
): Promise<{ code: number; unknown: string[]; ids: Map<string, string> }> {
  const reader = await client.call({
    key: 66,
    version: 1,
    flexible: true,
    body: (writer) =>
      writer
        .compactArray(filters.states ?? [], (_, state) => writer.compactString(state))
        .compactArray(filters.producerIds ?? [], (_, id) => writer.bigInt64(id))
        .int64(filters.durationMs ?? -1)
        .noTags(),
  });
  reader.int32();
  const code = reader.int16();
  const unknown = reader.compactArray(() => reader.compactString());
  const ids = reader.compactArray(() => {
    const id = reader.compactString();
    reader.bigInt64();
    const state = reader.compactString();
    reader.skipTags();
    return [id, state] as const;
  });
  return { code, unknown, ids: new Map(ids) };
}

/** WriteTxnMarkers v1: one marker in one partition; returns its code. */
export async function writeMarker(
  leader: RawClient,
  { producerId, epoch }: Owner,
  topic: string,
  options: {
    readonly coordinatorEpoch?: number;
    readonly committed?: boolean;
    readonly partition?: number;
  } = {},
): Promise<number> {
  const reader = await leader.call({
    key: 27,
    version: 1,
    flexible: true,
    body: (writer) =>
      writer
        .compactArray([topic], (_, name) => {
          writer
            .bigInt64(producerId)
            .int16(epoch)
            .boolean(options.committed ?? false);
          writer.compactArray([name], (__, one) => {
            writer
              .compactString(one)
              .compactArray([options.partition ?? 0], (___, partition) => writer.int32(partition))
              .noTags();
          });
          writer.int32(options.coordinatorEpoch ?? 0).noTags();
        })
        .noTags(),
  });
  const codes = reader.compactArray(() => {
    reader.bigInt64();
    const ofTopics = readCodes(reader, true);
    reader.skipTags();
    return ofTopics;
  });
  return present(codes.flat()[0]);
}

/** A producer of a partition, by DescribeProducers v0. */
export interface DescribedProducer extends Owner {
  readonly lastSequence: number;
  readonly coordinatorEpoch: number;
  readonly transactionStart: number;
}

/** DescribeProducers v0 of partition 0. */
export async function describeProducers(
  leader: RawClient,
  topic: string,
  partition = 0,
): Promise<{ code: number; producers: DescribedProducer[] }> {
  const reader = await leader.call({
    key: 61,
    version: 0,
    flexible: true,
    body: (writer) =>
      writer
        .compactArray([topic], (_, name) => {
          writer
            .compactString(name)
            .compactArray([partition], (__, one) => writer.int32(one))
            .noTags();
        })
        .noTags(),
  });
  reader.int32();
  const [[answer] = []] = reader.compactArray(() => {
    reader.compactString();
    const list = reader.compactArray(() => {
      reader.int32();
      const code = reader.int16();
      reader.compactNullableString();
      const producers = reader.compactArray(() => {
        const producerId = reader.bigInt64();
        const epoch = reader.int32();
        const lastSequence = reader.int32();
        reader.int64();
        const coordinatorEpoch = reader.int32();
        const transactionStart = reader.int64();
        reader.skipTags();
        return { producerId, epoch, lastSequence, coordinatorEpoch, transactionStart };
      });
      reader.skipTags();
      return { code, producers };
    });
    reader.skipTags();
    return list;
  });
  return present(answer);
}

/** The codes of all partitions in an answer. */
export function readCodes(reader: WireReader, flexible: boolean): number[] {
  const codes = flexible
    ? reader.compactArray(() => {
        reader.compactString();
        const list = reader.compactArray(() => {
          reader.int32();
          const code = reader.int16();
          reader.skipTags();
          return code;
        });
        reader.skipTags();
        return list;
      })
    : reader.array(() => {
        reader.string();
        return reader.array(() => {
          reader.int32();
          return reader.int16();
        });
      });
  return codes.flat();
}
