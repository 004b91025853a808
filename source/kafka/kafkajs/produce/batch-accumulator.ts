import type {
  Compression,
  EncodedRecord,
  MeasuredRecord,
  OutgoingRecord,
  RecordAccumulator,
} from '../../sink.ts';
import { BATCH_HEADER_BYTES } from '../../records/batch-header.ts';
import { measureEncoded, measureRecord } from '../../records/encode-record.ts';
import { RecordBatchBuilder } from '../../records/record-batch-builder.ts';
import type { OutgoingBatch } from './flush-ticket.ts';

/** What the accumulator needs of its sink. */
export interface BatchSender {
  readonly compression: Compression;
  /** A batch of this topic is closed before it grows beyond this, uncompressed. */
  batchBytes(topic: string): number;
  /** For the next batch of this partition, as large as that will probably be by its last flush. */
  newBuffer(topic: string, partition: number): Buffer;
  /**
   * Sends batches, in order per partition. @throws ProduceError; `unsent` then holds what was not
   * acked, in order.
   */
  send(batches: readonly OutgoingBatch[], unsent: OutgoingBatch[]): Promise<void>;
  /** Whether what was sent stays in memory, and so counts among the bytes. Default false. */
  readonly keepsSent?: boolean;
  /** All is forgotten, what was sent included. */
  cleared?(): void;
}

/** Encodes records into batches, one open batch per partition. */
export class BatchAccumulator implements RecordAccumulator {
  readonly #sender: BatchSender;
  /** By topic, then by partition number. */
  readonly #open = new Map<string, (RecordBatchBuilder | undefined)[]>();
  /** The topic of the record before, its open batches, and how large they may be. */
  #topic: string | undefined;
  #builders: (RecordBatchBuilder | undefined)[] = [];
  #batchBytes = 0;
  /**
   * Full batches, and those that an earlier flush could not send: older than the open ones of the
   * same partition.
   */
  #closed: OutgoingBatch[] = [];
  /** What the flush in progress has taken. */
  #flying: readonly OutgoingBatch[] = [];
  #flush: Promise<void> | undefined;
  #count = 0;
  #bytes = 0;
  /** Of what was sent and stays in memory. */
  #keptBytes = 0;

  constructor(sender: BatchSender) {
    this.#sender = sender;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  measure(record: OutgoingRecord): MeasuredRecord {
    return measureRecord(record);
  }

  measureEncoded(record: EncodedRecord): void {
    measureEncoded(record);
  }

  append(topic: string, partition: number, record: MeasuredRecord): number {
    return this.#counted(this.#builder(topic, partition, record.bytes).append(record));
  }

  appendEncoded(topic: string, partition: number, record: Readonly<EncodedRecord>): number {
    return this.#counted(this.#builder(topic, partition, record.bytes).appendEncoded(record));
  }

  async flush(): Promise<void> {
    const before = this.#flush;
    const flush = (async () => {
      // The failure of the flush before is for its own caller; what it could not send is sent with
      // this one.
      if (before !== undefined) await before.catch(() => undefined);
      await this.#send();
    })();
    this.#flush = flush;
    try {
      await flush;
    } finally {
      if (this.#flush === flush) this.#flush = undefined;
    }
  }

  clear(): void {
    this.#forgetOpen();
    this.#closed = [];
    this.#flying = [];
    this.#count = 0;
    this.#bytes = 0;
    this.#keptBytes = 0;
    this.#sender.cleared?.();
  }

  #builder(topic: string, partition: number, recordBytes: number): RecordBatchBuilder {
    if (topic !== this.#topic) this.#turnTo(topic);
    let builder = this.#builders[partition];
    const mostBytes = recordBytes - BATCH_HEADER_BYTES;
    if (builder !== undefined && builder.bytes + mostBytes > this.#batchBytes) {
      this.#closed.push({ topic, partition, sealed: builder.seal(), maybeStored: false, repeated: false });
      builder = undefined;
    }
    if (builder === undefined) {
      builder = new RecordBatchBuilder({
        compression: this.#sender.compression,
        // A buffer that has to grow is copied each time.
        buffer: this.#sender.newBuffer(topic, partition),
      });
      this.#builders[partition] = builder;
    }
    return builder;
  }

  #turnTo(topic: string): void {
    let builders = this.#open.get(topic);
    if (builders === undefined) {
      builders = [];
      this.#open.set(topic, builders);
    }
    this.#topic = topic;
    this.#builders = builders;
    this.#batchBytes = this.#sender.batchBytes(topic);
  }

  #forgetOpen(): void {
    this.#open.clear();
    this.#topic = undefined;
    this.#builders = [];
  }

  #counted(bytes: number): number {
    this.#count += 1;
    this.#bytes += bytes;
    return bytes;
  }

  async #send(): Promise<void> {
    this.#closeAll();
    const batches = this.#closed;
    if (batches.length === 0) return;
    this.#closed = [];
    this.#flying = batches;
    if (this.#sender.keepsSent === true)
      for (const { sealed } of batches) this.#keptBytes += sealed.uncompressedBytes;
    const unsent: OutgoingBatch[] = [];
    try {
      await this.#sender.send(batches, unsent);
    } finally {
      // Unless cleared meanwhile.
      if (this.#flying === batches) {
        this.#closed = [...unsent, ...this.#closed];
        this.#recount();
      }
      this.#flying = [];
    }
  }

  #closeAll(): void {
    for (const [topic, builders] of this.#open)
      for (const [partition, builder] of builders.entries())
        if (builder !== undefined && builder.count > 0)
          this.#closed.push({
            topic,
            partition,
            sealed: builder.seal(),
            maybeStored: false,
            repeated: false,
          });
    this.#forgetOpen();
  }

  #recount(): void {
    this.#count = 0;
    this.#bytes = this.#keptBytes;
    for (const { sealed } of this.#closed) {
      this.#count += sealed.count;
      this.#bytes += sealed.uncompressedBytes;
    }
    for (const builders of this.#open.values())
      for (const builder of builders) {
        this.#count += builder?.count ?? 0;
        this.#bytes += builder?.bytes ?? 0;
      }
  }
}
