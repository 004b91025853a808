import { readFields } from '../../kafka/records/encoded-field.ts';
import type { EncodedRecord, MeasuredRecord, OutgoingRecord, RecordAccumulator } from '../../kafka/sink.ts';
import type { TopicPartition } from '../../kernel/topic-partition.ts';
import type { MessageParts } from './fake-message.ts';

/** Records of one partition that wait to be sent. */
export interface FakePile extends TopicPartition {
  readonly records: MessageParts[];
  bytes: number;
}

/** Who sends what an accumulator holds. */
export interface FakeSender {
  /** Takes what it sends out of the piles; what it cannot send stays. */
  send(piles: readonly FakePile[]): Promise<void>;
  /** Whether what was sent counts among the bytes. Default false. */
  readonly keepsSent?: boolean;
  /** All is forgotten. */
  cleared?(): void;
}

/** Holds records until they are sent; a partition whose produce fails keeps its own. */
export class FakeAccumulator implements RecordAccumulator {
  readonly #sender: FakeSender;
  readonly #piles = new Map<string, FakePile>();
  #keptBytes = 0;
  #flushed: Promise<void> = Promise.resolve();

  constructor(sender: FakeSender) {
    this.#sender = sender;
  }

  get count(): number {
    let count = 0;
    for (const { records } of this.#piles.values()) count += records.length;
    return count;
  }

  get bytes(): number {
    let bytes = this.#keptBytes;
    for (const pile of this.#piles.values()) bytes += pile.bytes;
    return bytes;
  }

  measure(record: OutgoingRecord): MeasuredRecord {
    return { ...record, bytes: encodedBytes(record) };
  }

  measureEncoded(record: EncodedRecord): void {
    record.bytes = 17 + record.end - record.start;
  }

  append(topic: string, partition: number, record: MeasuredRecord): number {
    const { key, value, timestamp, bytes } = record;
    const parts = { key: copy(key), value: copy(value), headers: headerPairs(record), timestamp };
    return this.#add(topic, partition, parts, bytes);
  }

  appendEncoded(topic: string, partition: number, record: Readonly<EncodedRecord>): number {
    const own = Buffer.from(record.buffer.subarray(record.start, record.end));
    const { key, value, headers } = readFields(own, 0);
    const parts = { key, value, headers: [...headers], timestamp: record.timestamp };
    return this.#add(topic, partition, parts, record.bytes);
  }

  #add(topic: string, partition: number, parts: MessageParts, bytes: number): number {
    const key = `${topic}/${partition}`;
    const pile = this.#piles.get(key) ?? { topic, partition, records: [], bytes: 0 };
    this.#piles.set(key, pile);
    pile.records.push(parts);
    pile.bytes += bytes;
    return bytes;
  }

  flush(): Promise<void> {
    const flushed = this.#flushed.then(() => this.#flushOnce());
    // Its failure is for its own caller.
    this.#flushed = flushed.catch(() => undefined);
    return flushed;
  }

  async #flushOnce(): Promise<void> {
    const before = this.bytes;
    await this.#sender.send([...this.#piles.values()]);
    if (this.#sender.keepsSent === true) this.#keptBytes += before - this.bytes;
  }

  clear(): void {
    this.#piles.clear();
    this.#keptBytes = 0;
    this.#sender.cleared?.();
  }
}

/** About what a record takes in a batch; with encoded fields, whose lengths have a byte each, the same. */
function encodedBytes({ key, value, headers }: OutgoingRecord): number {
  let bytes = 20 + (key?.length ?? 0) + (value?.length ?? 0) + headers.length;
  for (const field of headers) bytes += field?.length ?? 0;
  return bytes;
}

function headerPairs({ headers }: OutgoingRecord): (readonly [name: string, value: Buffer | null])[] {
  const pairs: (readonly [string, Buffer | null])[] = [];
  for (let at = 0; at < headers.length; at += 2)
    pairs.push([headers[at] as string, copy(headers[at + 1] ?? null)]);
  return pairs;
}

function copy(bytes: Uint8Array | string | null): Buffer | null {
  if (typeof bytes === 'string') return Buffer.from(bytes);
  return bytes === null ? null : Buffer.from(bytes);
}
