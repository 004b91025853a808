import type { KafkaObserver } from '../../kafka/client.ts';
import { readFields } from '../../kafka/records/encoded-field.ts';
import type {
  EncodedRecord,
  MeasuredRecord,
  OutgoingRecord,
  RecordAccumulator,
  RecordSink,
} from '../../kafka/sink.ts';
import { type KasperError, ProduceError } from '../../kernel/errors.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { MessageParts } from './fake-message.ts';
import type { FakeCall } from './fake-requests.ts';

/** Asks a fake cluster, for one client. */
export interface FakeAsker {
  readonly observer: KafkaObserver | undefined;
  /** A request: fails if the client is closed, before or meanwhile. */
  ask(call: FakeCall): Promise<void>;
}

/** Appends what is flushed, without batches or sequence numbers. */
export class FakeSink implements RecordSink {
  readonly #cluster: FakeCluster;
  readonly #client: FakeAsker;
  readonly #known = new Set<string>();

  constructor(cluster: FakeCluster, client: FakeAsker) {
    this.#cluster = cluster;
    this.#client = client;
  }

  partitionCount(topic: string): number | undefined {
    return this.#known.has(topic) ? this.#cluster.topics.partitionCount(topic) : undefined;
  }

  async loadTopic(topic: string): Promise<number> {
    await this.#client.ask({ name: 'loadTopic', topic });
    const partitionCount = this.#cluster.topics.partitionCount(topic);
    if (partitionCount === undefined) throw new ProduceError(`Topic '${topic}' does not exist`);
    this.#known.add(topic);
    return partitionCount;
  }

  accumulator(): RecordAccumulator {
    return new FakeAccumulator(this.#cluster, this.#client);
  }

  close(): Promise<void> {
    return this.#cluster.answer({ name: 'closeSink' });
  }
}

/** Holds records until they are sent; a partition whose produce fails keeps its own. */
class FakeAccumulator implements RecordAccumulator {
  readonly #cluster: FakeCluster;
  readonly #client: FakeAsker;
  readonly #piles = new Map<string, Pile>();
  #flushed: Promise<void> = Promise.resolve();

  constructor(cluster: FakeCluster, client: FakeAsker) {
    this.#cluster = cluster;
    this.#client = client;
  }

  get count(): number {
    let count = 0;
    for (const { records } of this.#piles.values()) count += records.length;
    return count;
  }

  get bytes(): number {
    let bytes = 0;
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
    const outcomes = await Promise.all([...this.#piles.values()].map((pile) => this.#send(pile)));
    const failed = outcomes.filter(({ error }) => error !== undefined);
    if (failed.length === 0) return;
    throw new ProduceError(
      `Records could not be sent: ${failed.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')}`,
      { acked: outcomes.filter(({ error }) => error === undefined), failed, cause: failed[0]?.error },
    );
  }

  clear(): void {
    this.#piles.clear();
  }

  async #send(pile: Pile) {
    const { topic, partition } = pile;
    const records = pile.records.splice(0);
    const { bytes } = pile;
    const outcome = { topic, partition, records: records.length };
    if (records.length === 0) return { ...outcome, error: undefined };
    try {
      await this.#client.ask({ name: 'produce', topic, partition, count: records.length });
    } catch (error) {
      pile.records.unshift(...records);
      this.#client.observer?.onError('Produce', error as KasperError, [{ topic, partition }]);
      return { ...outcome, error };
    }
    pile.bytes -= bytes;
    this.#client.observer?.onAcked(topic, partition, records.length, bytes);
    this.#cluster.appendAll(
      { topic, partition },
      records.map((record) => ({ value: null, ...record })),
    );
    this.#cluster.calls.push({ name: 'produced', topic, partition, count: records.length });
    return { ...outcome, error: undefined };
  }
}

interface Pile {
  readonly topic: string;
  readonly partition: number;
  readonly records: MessageParts[];
  bytes: number;
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
