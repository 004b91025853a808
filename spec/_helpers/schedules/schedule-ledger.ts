import type { OffsetRange } from '../../../source/kernel/errors.ts';
import { keyOf, type TopicPartition } from '../../../source/kernel/topic-partition.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import { GROUP } from '../fakes/processor-run.ts';
import { InputBooks, type Book } from './input-books.ts';
import type { Invariant, Violation } from './invariants.ts';
import { OutputReader } from './output-reader.ts';
import type { ScheduledKafka } from './scheduled-kafka.ts';

/** What is expected of the runs of one schedule. */
export interface LedgerOptions {
  readonly kafka: ScheduledKafka;
  readonly concurrency: number;
  readonly commit: 'pipelined' | 'each';
  readonly batchSize: number;
  readonly maxUncommittedRecords: number;
}

/**
 * Writes down what the runs of one schedule do, and notices immediately when an invariant does not
 * hold.
 */
export class ScheduleLedger {
  readonly violations: Violation[] = [];
  readonly #options: LedgerOptions;
  readonly #books = new InputBooks();
  readonly #outputs: OutputReader;
  /** Names of records by {@link nameOf}: process has returned. */
  readonly #finished = new Set<string>();
  /** Put into the store, and not flushed yet. */
  readonly #unflushed = new Set<string>();
  readonly #flushed = new Set<string>();
  /** To be recorded before the commit, and those of them that are. */
  readonly #toRecord = new Map<string, number>();
  readonly #recorded = new Set<string>();
  readonly #inProcess = new Set<number>();
  #passes = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#outputs = new OutputReader(options.kafka, (invariant, what) => {
      this.fail(invariant, what);
    });
  }

  /** Outputs that were written more than once. */
  get repeats(): number {
    return this.#outputs.repeats;
  }

  fail(invariant: Invariant, what: string): void {
    this.violations.push({ invariant, what });
  }

  /** A new run begins. */
  beginRun(): void {
    this.#inProcess.clear();
    this.#unflushed.clear();
    this.#toRecord.clear();
    this.#passes++;
    for (const book of this.#books) {
      this.#settle(book);
      // The run before this one ended before it was committed.
      book.sought = undefined;
      book.next = undefined;
      book.begun = [];
      book.pass = this.#passes;
    }
  }

  /** The source is made to continue at another offset; all that was begun before is committed. */
  seek(at: TopicPartition, offset: number): void {
    const book = this.#book(at);
    this.#settle(book);
    if (this.#inProcess.has(at.partition)) this.fail('seek', `${keyOf(at)} is in process`);
    const committed = this.#committed(at);
    if (book.begun.some((each) => each >= committed))
      this.fail('seek', `${keyOf(at)} is committed at ${committed} only`);
    book.sought = offset;
    book.next = offset;
    book.begun = [];
    book.pass = ++this.#passes;
  }

  /** Names the present pass in an output. */
  passOf(message: ConsumerMessage): number {
    return this.#book(message).pass;
  }

  /** Process is called. */
  begin(partition: number, messages: readonly ConsumerMessage[]): void {
    const { concurrency, batchSize } = this.#options;
    if (this.#inProcess.has(partition)) this.fail('single', `partition ${partition} is in process twice`);
    this.#inProcess.add(partition);
    if (this.#inProcess.size > concurrency) this.fail('single', `${this.#inProcess.size} are in process`);
    if (messages.length > batchSize) this.fail('open', `a batch of ${messages.length}`);
    for (const [name, of] of this.#toRecord)
      if (of === partition && !this.#recorded.has(name))
        this.fail('recorded', `a batch of ${partition} begins, and ${name} is not recorded`);
    for (const { topic, offset } of messages) this.#beginOne({ topic, partition }, offset);
    this.checkOpen(partition);
  }

  /** Process lets others in while it waits, or comes back from that. */
  leave(partition: number): void {
    this.#inProcess.delete(partition);
  }

  enter(partition: number): void {
    this.#inProcess.add(partition);
    if (this.#inProcess.size > this.#options.concurrency)
      this.fail('single', `${this.#inProcess.size} are in process after a wait`);
  }

  /** Process has returned. */
  finish(partition: number, messages: readonly ConsumerMessage[]): void {
    this.#inProcess.delete(partition);
    for (const message of messages) this.#finished.add(nameOf(message));
  }

  /** These are to be recorded before they are committed. */
  toRecord(messages: readonly ConsumerMessage[]): void {
    for (const message of messages) {
      const name = nameOf(message);
      this.#recorded.delete(name);
      this.#toRecord.set(name, message.partition);
    }
  }

  /** They are recorded. */
  record(messages: readonly ConsumerMessage[], { isFlushed }: { readonly isFlushed: boolean }): void {
    this.#outputs.read();
    for (const message of messages) {
      const name = nameOf(message);
      if (!this.#outputs.has(name)) this.fail('recorded', `${name} before its output`);
      if (isFlushed && !this.#flushed.has(name)) this.fail('recorded', `${name} before the store's flush`);
      if (this.#committed(message) > message.offset) this.fail('recorded', `${name} after its commit`);
      this.#recorded.add(name);
    }
  }

  put(messages: readonly ConsumerMessage[]): void {
    for (const message of messages) this.#unflushed.add(nameOf(message));
  }

  flushStore(): void {
    for (const name of this.#unflushed) this.#flushed.add(name);
    this.#unflushed.clear();
  }

  /** The broker is about to store an offset. */
  commit(at: TopicPartition, offset: number, { isFlushed }: { readonly isFlushed: boolean }): void {
    const key = keyOf(at);
    const log = this.#options.kafka.log(at);
    const book = this.#book(at);
    this.#settle(book);
    if (book.sought !== undefined) {
      this.#commitSought(book, book.sought, offset);
      return;
    }
    const before = this.#options.kafka.committed(GROUP, at.topic, at.partition);
    if (before !== undefined && offset < before)
      this.fail('forward', `${key} went from ${before} back to ${offset}`);
    if (offset > log.end) this.fail('forward', `${key} at ${offset}, past its end`);
    this.#outputs.read();
    for (; book.checked < offset; book.checked++) {
      if (!log.messages.has(book.checked)) continue;
      const name = `${key}/${book.checked}`;
      if (!this.#finished.has(name))
        this.fail('finished', `${key} at ${offset}, and ${book.checked} is not finished`);
      if (!this.#outputs.has(name))
        this.fail('durable', `${key} at ${offset}, and the output of ${book.checked} is not there`);
      if (this.#toRecord.has(name) && !this.#recorded.has(name))
        this.fail('recorded', `${key} at ${offset}, and ${book.checked} is not recorded`);
      if (isFlushed && !this.#flushed.has(name))
        this.fail('durable', `${key} at ${offset}, and ${book.checked} is not flushed`);
    }
  }

  /** How much would be reprocessed after a crash now. */
  checkOpen(partition: number): void {
    const { commit, batchSize, maxUncommittedRecords } = this.#options;
    const allowed = commit === 'each' ? batchSize : Math.max(batchSize, maxUncommittedRecords);
    let open = 0;
    for (const book of this.#books) {
      if (book.partition !== partition) continue;
      const committed = this.#committed(book);
      open += book.begun.filter((offset) => offset >= committed).length;
    }
    if (open > allowed)
      this.fail('open', `${open} records of partition ${partition}, ${allowed} are allowed`);
  }

  /** The outputs and stores of a batch are durable: at the end of the run it must be committed. */
  checkCommitted(ranges: readonly OffsetRange[]): void {
    for (const range of ranges) {
      const committed = this.#committed(range);
      if (committed <= range.last)
        this.fail(
          'graceful',
          `${keyOf(range)} is finished up to ${range.last} and committed at ${committed}`,
        );
    }
  }

  /** What was sought must be committed when the run ends. */
  checkSought(): void {
    for (const book of this.#books) {
      this.#settle(book);
      if (book.sought !== undefined) this.fail('graceful', `${keyOf(book)} was to go to ${book.sought}`);
    }
  }

  /** Everything must be done. */
  checkComplete(inputs: readonly TopicPartition[]): void {
    this.#outputs.read();
    for (const input of inputs) {
      const key = keyOf(input);
      const log = this.#options.kafka.log(input);
      const committed = this.#committed(input);
      if (committed !== log.end) this.fail('complete', `${key} is committed at ${committed} of ${log.end}`);
      const { leftOut } = this.#book(input);
      for (const offset of log.messages.keys())
        if (!leftOut.has(offset) && !this.#outputs.has(`${key}/${offset}`))
          this.fail('complete', `${key} offset ${offset} has no output`);
    }
  }

  #beginOne(at: TopicPartition, offset: number): void {
    const key = keyOf(at);
    const book = this.#book(at);
    this.#settle(book);
    if (book.sought !== undefined) this.fail('seek', `${key} begins before ${book.sought} is committed`);
    const log = this.#options.kafka.log(at);
    const expected = book.next ?? this.#committed(at);
    if (offset < expected) this.fail('order', `${key} went back from ${expected} to ${offset}`);
    for (let between = expected; between < offset; between++)
      if (log.messages.has(between)) this.fail('order', `${key} left ${between} out`);
    book.next = offset + 1;
    book.begun.push(offset);
  }

  /**
   * Until a sought position is stored nothing else is committed, but for what an offset that is
   * gone is replaced with.
   */
  #commitSought(book: Book, sought: number, offset: number): void {
    const committed = this.#committed(book);
    // It was in flight: the periodic commit of what is stored already, or a position behind a gap,
    // which acks no record.
    if (offset >= committed && !this.#hasRecords(book, committed, offset)) return;
    if (offset < sought || this.#hasRecords(book, sought, offset))
      this.fail('seek', `${keyOf(book)} was to go to ${sought}, and is committed at ${offset}`);
    book.sought = offset;
  }

  /** A sought position that is committed: everything from there on is to be done again. */
  #settle(book: Book): void {
    const { sought } = book;
    if (sought === undefined || this.#committed(book) !== sought) return;
    book.sought = undefined;
    book.checked = sought;
    this.#outputs.read();
    for (const offset of this.#options.kafka.log(book).messages.keys()) {
      const name = `${keyOf(book)}/${offset}`;
      if (offset < sought) {
        if (!this.#outputs.has(name)) book.leftOut.add(offset);
        continue;
      }
      book.leftOut.delete(offset);
      for (const names of [this.#outputs, this.#finished, this.#flushed, this.#unflushed]) names.delete(name);
    }
  }

  #hasRecords(at: TopicPartition, from: number, to: number): boolean {
    const { messages } = this.#options.kafka.log(at);
    for (let offset = from; offset < to; offset++) if (messages.has(offset)) return true;
    return false;
  }

  #committed({ topic, partition }: TopicPartition): number {
    return this.#options.kafka.committed(GROUP, topic, partition) ?? 0;
  }

  #book(at: TopicPartition): Book {
    return this.#books.get(at, this.#passes);
  }
}

/** The name of a record: the key of its output. */
export function nameOf(message: ConsumerMessage): string {
  return `${keyOf(message)}/${message.offset}`;
}
