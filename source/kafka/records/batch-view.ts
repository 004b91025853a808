/**
 * The class of what `buffer.subarray` returns: a Buffer over memory that is there already. Called
 * directly it is three times as fast, since `subarray` has to ask the engine for the memory of its
 * buffer each time, which is most of what reading a key costs.
 */
const MemoryView = Reflect.get(Buffer, Symbol.species) as new (
  memory: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => Buffer;

/** Bytes, and how a view of some of them is made. */
export type ViewedBytes = Pick<BatchView, 'buffer' | 'bytes'>;

/** What the records of one batch share. */
export class BatchView {
  /** The records, inflated. */
  readonly buffer: Buffer;
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** The broker's time for all records of the batch; undefined where each has its own. */
  readonly appendTime: number | undefined;
  readonly #memory: ArrayBufferLike;
  readonly #memoryAt: number;

  constructor(buffer: Buffer, batch: Omit<BatchView, 'buffer' | 'over' | 'bytes'>) {
    const { topic, partition, baseOffset, baseTimestamp, appendTime } = batch;
    this.buffer = buffer;
    this.topic = topic;
    this.partition = partition;
    this.baseOffset = baseOffset;
    this.baseTimestamp = baseTimestamp;
    this.appendTime = appendTime;
    this.#memory = buffer.buffer;
    this.#memoryAt = buffer.byteOffset;
  }

  /** The same of other bytes, which hold some of its records. */
  over(buffer: Buffer): BatchView {
    return new BatchView(buffer, this);
  }

  /**
   * A view of some of its bytes. It is for the caller that they lie within {@link buffer}: beyond
   * it may be the records of another partition.
   */
  bytes(start: number, length: number): Buffer {
    return new MemoryView(this.#memory, this.#memoryAt + start, length);
  }
}
