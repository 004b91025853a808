import { prepareCompression } from '../../../source/kafka/records/compression.ts';
import { measureRecord } from '../../../source/kafka/records/encode-record.ts';
import {
  RecordBatchBuilder,
  stampBatch,
  type BatchProducer,
} from '../../../source/kafka/records/record-batch-builder.ts';
import type { Compression } from '../../../source/kafka/sink.ts';
import { present } from '../raw/present.ts';
import type { RawClient } from '../raw/raw-client.ts';
import { fetch } from '../raw/raw-fetch.ts';
import { produceOne } from '../raw/raw-produce.ts';
import { setTopic } from '../raw/topic-values.ts';
import { until } from '../until.ts';
import type { ContractStage } from './contract-stage.ts';
import { shownBatches, type ShownBatch } from './shown-batches.ts';

/** Of the first record of a topic; each batch is 10 ms later, so that a broker begins a new file for it. */
export const TIME = 1_700_000_000_000;
const STEP_MS = 10;
/** Longer ago than any record: nothing is compacted yet. */
const NOT_YET_MS = '1000000000000';
const MINUTE_MS = 60_000;

/** A batch to write: keys with values, null for a tombstone. */
export interface ToWrite {
  readonly records: readonly (readonly [key: string | null, value: string | null])[];
  readonly compression?: Compression;
  readonly producer?: BatchProducer;
  /** Default: after the batch before. */
  readonly timestamp?: number;
}

/** A batch of records with keys. */
export function keyedBatch({ records, compression = 'none', producer, timestamp = TIME }: ToWrite): Buffer {
  const builder = new RecordBatchBuilder({ compression });
  for (const [i, [key, value]] of records.entries()) {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
    const record = { key: bytes(key), value: bytes(value), headers: [], timestamp: timestamp + i };
    builder.append(measureRecord(record));
  }
  const sealed = builder.seal();
  stampBatch(sealed, producer);
  return sealed.bytes;
}

/**
 * A topic that is compacted when a case wants it, once for all that was written: on a broker the lag of
 * compaction keeps its cleaner away until then.
 */
export class CompactedTopic {
  readonly topic: string;
  readonly leader: RawClient;
  readonly #stage: ContractStage;
  #batches = 0;
  #compactions = 0;
  #marked = -1;

  private constructor(stage: ContractStage, topic: string, leader: RawClient) {
    this.#stage = stage;
    this.topic = topic;
    this.leader = leader;
  }

  static async make(
    stage: ContractStage,
    config: Readonly<Record<string, string>> = {},
  ): Promise<CompactedTopic> {
    await prepareCompression();
    const { topic, leader } = await stage.topic();
    const made = new CompactedTopic(stage, topic, leader);
    await made.set({
      'cleanup.policy': 'compact',
      'retention.ms': '-1',
      'segment.ms': '1',
      'min.cleanable.dirty.ratio': '0.0',
      'min.compaction.lag.ms': NOT_YET_MS,
      ...config,
    });
    return made;
  }

  set(values: Readonly<Record<string, string>>): Promise<void> {
    return setTopic(this.leader, this.topic, values);
  }

  /** The time of the next batch. */
  get nextTime(): number {
    return TIME + STEP_MS * this.#batches++;
  }

  /** Writes a batch; the code and its offset. */
  async write(batch: ToWrite): Promise<readonly [code: number, baseOffset: number]> {
    const timestamp = batch.timestamp ?? this.nextTime;
    return produceOne(this.leader, this.topic, keyedBatch({ ...batch, timestamp }));
  }

  /** As {@link write}, of a batch without more than keys and values. */
  async writeAll(...batches: readonly ToWrite['records'][]): Promise<void> {
    for (const records of batches) {
      const [code] = await this.write({ records });
      if (code !== 0) throw new Error(`A batch was refused: code ${code}`);
    }
  }

  /** Writes what shows when all before it was compacted: a record, and one that takes its place. */
  async mark(): Promise<void> {
    const [, offset] = await this.write({ records: [['mark', 'former']] });
    await this.write({ records: [['mark', 'latter']] });
    this.#marked = offset;
  }

  /**
   * Has compacted all that was written, up to the last {@link mark} at least; one is made by default. A
   * batch follows, to which a broker still writes.
   */
  async compact({ mark = true, lagMs = 0 } = {}): Promise<void> {
    if (mark) await this.mark();
    const timestamp = Date.now() + ++this.#compactions * MINUTE_MS;
    await this.write({ records: [[`active ${this.#compactions}`, 'v']], timestamp });
    await this.set({ 'min.compaction.lag.ms': String(lagMs) });
    await this.#stage.compact(this.topic);
    const isDone = async () => !(await this.#hasRecordAt(this.#marked));
    await until(isDone, { deadlineMs: 40_000, what: `the compaction of ${this.topic}` });
    await this.set({ 'min.compaction.lag.ms': NOT_YET_MS });
  }

  async #hasRecordAt(offset: number): Promise<boolean> {
    const first = (await this.batches(offset))[0];
    return first?.offsets[0] === offset;
  }

  /** What a reader gets from an offset on, to the end: a broker gives it file by file. */
  async batches(from = 0): Promise<readonly ShownBatch[]> {
    const shown: ShownBatch[] = [];
    for (let offset = from; ;) {
      const [fetched] = await fetch(this.leader, this.topic, [{ partition: 0, offset }]);
      const next = shownBatches(present(fetched).records);
      const last = next.at(-1);
      if (last === undefined) return shown;
      shown.push(...next);
      offset = last.offsets[1] + 1;
    }
  }
}
