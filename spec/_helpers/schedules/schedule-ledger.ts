import type { OffsetRange } from '../../../source/kernel/errors.ts';
import type { ConsumerMessage } from '../../../source/message.ts';
import type { FakeKafka } from '../../../source/testing/fake-kafka/fake-kafka.ts';
import { GROUP } from '../fakes/processor-run.ts';

/** What must hold in every schedule, by name. */
export const invariants = {
  durable:
    'before an offset is committed, the outputs of all records before it, from a sought position on, are acked, and the stores flushed',
  finished: 'no commit goes past a record whose process has not returned',
  order:
    'a run takes the records of a partition one after another, from its committed or sought offset on, and leaves none out',
  outputOrder:
    'outputs of one input partition are written in its order, within a run and from run to run, and from one seek to the next',
  forward: 'committed offsets never go back but by a seek, and never past the end of the log',
  seek: 'a sought position is committed before anything of it is processed, and a seek fails only if the run ends',
  open: 'records begun and not committed stay within maxUncommittedRecords, one batch is always allowed',
  single: 'no partition is in process twice at once, and no more partitions than concurrency allows',
  graceful:
    'what process has finished is committed when a run ends, whatever ended it but a commit that failed',
  afterEnd:
    'after a failure no batch begins; after the end nothing is asked of the brokers, and no timer is left',
  failure: 'a run fails with the error that was caused, and only if one was',
  progress: 'a run that is to close, or to reach the end, does so',
  complete:
    'in the end every record has its output unless a seek left it out, and every partition is committed to its end',
} as const;

export type Invariant = keyof typeof invariants;

/** An invariant that did not hold. */
export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/** What is expected of the runs of one schedule. */
export interface LedgerOptions {
  readonly kafka: FakeKafka;
  readonly concurrency: number;
  readonly commit: 'pipelined' | 'each';
  readonly batchSize: number;
  readonly maxUncommittedRecords: number;
}

/** One input topic-partition, over all runs. */
interface Book {
  /** Next offset that process must be given; undefined: whatever was committed. */
  next: number | undefined;
  /** Offsets that the present run has begun. */
  begun: number[];
  /** Offsets below this were found durable and finished when they were committed, or a seek left them out. */
  checked: number;
  /** Where a seek goes that is not known to be committed yet. */
  sought: number | undefined;
  /** Records that a seek left out. */
  readonly leftOut: Set<number>;
  /** Raised by each run and each seek: within a pass, offsets go up. */
  pass: number;
}

/** Writes down what the runs of one schedule do, and notices at once when an invariant does not hold. */
export class ScheduleLedger {
  readonly violations: Violation[] = [];
  readonly #options: LedgerOptions;
  readonly #books = new Map<string, Book>();
  /** Names of records by {@link nameOf}: process has returned. */
  readonly #finished = new Set<string>();
  /** Put into the store, and not flushed yet. */
  readonly #unflushed = new Set<string>();
  readonly #flushed = new Set<string>();
  readonly #inProcess = new Set<number>();
  readonly #outputs = new Map<string, number>();
  readonly #outputsSeen: number[] = [];
  /** Last output of an input partition: the pass that wrote it, and its offset. */
  readonly #lastOutput = new Map<string, { readonly pass: number; readonly offset: number }>();
  #passes = 0;
  /** Outputs that were written more than once. */
  repeats = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  fail(invariant: Invariant, what: string): void {
    this.violations.push({ invariant, what });
  }

  /** A new run begins. */
  beginRun(): void {
    this.#inProcess.clear();
    this.#unflushed.clear();
    this.#passes++;
    for (const [key, book] of this.#books) {
      this.#settle(key, book);
      // The run before this one ended before it was committed.
      book.sought = undefined;
      book.next = undefined;
      book.begun = [];
      book.pass = this.#passes;
    }
  }

  /** The source is told to go on from another offset; all that was begun before is committed. */
  seek(topic: string, partition: number, offset: number): void {
    const key = `${topic}/${partition}`;
    const book = this.#book(topic, partition);
    this.#settle(key, book);
    if (this.#inProcess.has(partition)) this.fail('seek', `${key} is in process`);
    const committed = this.#committed(topic, partition);
    if (book.begun.some((each) => each >= committed))
      this.fail('seek', `${key} is committed at ${committed} only`);
    book.sought = offset;
    book.next = offset;
    book.begun = [];
    book.pass = ++this.#passes;
  }

  /** Stands for the present pass in an output. */
  passOf({ topic, partition }: ConsumerMessage): number {
    return this.#book(topic, partition).pass;
  }

  /** Process is called. */
  begin(partition: number, messages: readonly ConsumerMessage[]): void {
    const { concurrency, batchSize } = this.#options;
    if (this.#inProcess.has(partition)) this.fail('single', `partition ${partition} is in process twice`);
    this.#inProcess.add(partition);
    if (this.#inProcess.size > concurrency) this.fail('single', `${this.#inProcess.size} are in process`);
    if (messages.length > batchSize) this.fail('open', `a batch of ${messages.length}`);
    for (const { topic, offset } of messages) {
      const book = this.#book(topic, partition);
      this.#settle(`${topic}/${partition}`, book);
      if (book.sought !== undefined)
        this.fail('seek', `${topic}/${partition} begins before ${book.sought} is committed`);
      const log = this.#options.kafka.log({ topic, partition });
      const expected = book.next ?? this.#committed(topic, partition);
      if (offset < expected)
        this.fail('order', `${topic}/${partition} went back from ${expected} to ${offset}`);
      for (let between = expected; between < offset; between++)
        if (log.messages.has(between)) this.fail('order', `${topic}/${partition} left ${between} out`);
      book.next = offset + 1;
      book.begun.push(offset);
    }
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

  put(messages: readonly ConsumerMessage[]): void {
    for (const message of messages) this.#unflushed.add(nameOf(message));
  }

  flushStore(): void {
    for (const name of this.#unflushed) this.#flushed.add(name);
    this.#unflushed.clear();
  }

  /** The broker is about to store an offset. */
  commit(topic: string, partition: number, offset: number, isFlushed: boolean): void {
    const log = this.#options.kafka.log({ topic, partition });
    const book = this.#book(topic, partition);
    this.#settle(`${topic}/${partition}`, book);
    if (book.sought !== undefined) {
      this.#commitSought(topic, partition, book, offset);
      return;
    }
    const before = this.#options.kafka.committed(GROUP, topic, partition);
    if (before !== undefined && offset < before)
      this.fail('forward', `${topic}/${partition} went from ${before} back to ${offset}`);
    if (offset > log.end) this.fail('forward', `${topic}/${partition} at ${offset}, past its end`);
    this.#readOutputs();
    for (; book.checked < offset; book.checked++) {
      if (!log.messages.has(book.checked)) continue;
      const name = `${topic}/${partition}/${book.checked}`;
      if (!this.#finished.has(name))
        this.fail('finished', `${topic}/${partition} at ${offset}, and ${book.checked} is not finished`);
      if (!this.#outputs.has(name))
        this.fail(
          'durable',
          `${topic}/${partition} at ${offset}, and the output of ${book.checked} is not there`,
        );
      if (isFlushed && !this.#flushed.has(name))
        this.fail('durable', `${topic}/${partition} at ${offset}, and ${book.checked} is not flushed`);
    }
  }

  /** How much would come again after a crash now. */
  checkOpen(partition: number): void {
    const { commit, batchSize, maxUncommittedRecords } = this.#options;
    const allowed = commit === 'each' ? batchSize : Math.max(batchSize, maxUncommittedRecords);
    let open = 0;
    for (const [topic, book] of this.#booksOf(partition)) {
      const committed = this.#committed(topic, partition);
      open += book.begun.filter((offset) => offset >= committed).length;
    }
    if (open > allowed)
      this.fail('open', `${open} records of partition ${partition}, ${allowed} are allowed`);
  }

  /** A batch has its outputs and stores behind it: at the end of the run it is to be committed. */
  checkCommitted(ranges: readonly OffsetRange[]): void {
    for (const { topic, partition, last } of ranges) {
      const committed = this.#committed(topic, partition);
      if (committed <= last)
        this.fail(
          'graceful',
          `${topic}/${partition} is finished up to ${last} and committed at ${committed}`,
        );
    }
  }

  /** What was sought is to be committed when the run ends. */
  checkSought(): void {
    for (const [key, book] of this.#books) {
      this.#settle(key, book);
      if (book.sought !== undefined) this.fail('graceful', `${key} was to go to ${book.sought}`);
    }
  }

  /** Everything is to be done. */
  checkComplete(inputs: readonly { readonly topic: string; readonly partition: number }[]): void {
    this.#readOutputs();
    for (const { topic, partition } of inputs) {
      const log = this.#options.kafka.log({ topic, partition });
      const committed = this.#committed(topic, partition);
      if (committed !== log.end)
        this.fail('complete', `${topic}/${partition} is committed at ${committed} of ${log.end}`);
      const { leftOut } = this.#book(topic, partition);
      for (const offset of log.messages.keys())
        if (!leftOut.has(offset) && !this.#outputs.has(`${topic}/${partition}/${offset}`))
          this.fail('complete', `${topic}/${partition} offset ${offset} has no output`);
    }
  }

  /** Until it is stored nothing else is committed, but for what an offset that is gone is replaced with. */
  #commitSought(topic: string, partition: number, book: Book, offset: number): void {
    const sought = book.sought ?? offset;
    const committed = this.#committed(topic, partition);
    // It was on its way: the periodic commit of what is stored already, or a position behind a gap, which acks no record.
    if (offset >= committed && !this.#hasRecords(topic, partition, committed, offset)) return;
    if (offset < sought || this.#hasRecords(topic, partition, sought, offset))
      this.fail('seek', `${topic}/${partition} was to go to ${sought}, and is committed at ${offset}`);
    book.sought = offset;
  }

  /** A sought position that is committed: everything from there on is to be done anew. */
  #settle(key: string, book: Book): void {
    const slash = key.lastIndexOf('/');
    const [topic, partition] = [key.slice(0, slash), Number(key.slice(slash + 1))];
    const { sought } = book;
    if (sought === undefined || this.#committed(topic, partition) !== sought) return;
    book.sought = undefined;
    book.checked = sought;
    this.#readOutputs();
    for (const offset of this.#options.kafka.log({ topic, partition }).messages.keys()) {
      const name = `${key}/${offset}`;
      if (offset < sought) {
        if (!this.#outputs.has(name)) book.leftOut.add(offset);
        continue;
      }
      book.leftOut.delete(offset);
      for (const names of [this.#outputs, this.#finished, this.#flushed, this.#unflushed]) names.delete(name);
    }
  }

  #hasRecords(topic: string, partition: number, from: number, to: number): boolean {
    const { messages } = this.#options.kafka.log({ topic, partition });
    for (let offset = from; offset < to; offset++) if (messages.has(offset)) return true;
    return false;
  }

  /** Outputs have the name of their input as key and the pass as value. */
  #readOutputs(): void {
    const { kafka } = this.#options;
    for (let partition = 0; partition < (kafka.topics.partitionCount('out') ?? 0); partition++) {
      const log = kafka.log({ topic: 'out', partition });
      let at = this.#outputsSeen[partition] ?? 0;
      for (; at < log.end; at++) {
        const { keyText, valueText } = log.messages.get(at) ?? {};
        this.#readOutput(keyText ?? '', Number(valueText));
      }
      this.#outputsSeen[partition] = at;
    }
  }

  #readOutput(name: string, pass: number): void {
    const times = this.#outputs.get(name) ?? 0;
    this.#outputs.set(name, times + 1);
    if (times > 0) this.repeats++;
    const slash = name.lastIndexOf('/');
    const input = name.slice(0, slash);
    const offset = Number(name.slice(slash + 1));
    const last = this.#lastOutput.get(input);
    this.#lastOutput.set(input, { pass, offset });
    if (last === undefined) return;
    if (pass < last.pass) this.fail('outputOrder', `${name} of pass ${pass} comes after pass ${last.pass}`);
    if (pass === last.pass && offset <= last.offset)
      this.fail('outputOrder', `${name} comes after offset ${last.offset}`);
  }

  #committed(topic: string, partition: number): number {
    return this.#options.kafka.committed(GROUP, topic, partition) ?? 0;
  }

  *#booksOf(partition: number): Generator<[topic: string, book: Book]> {
    for (const [key, book] of this.#books) {
      const slash = key.lastIndexOf('/');
      if (Number(key.slice(slash + 1)) === partition) yield [key.slice(0, slash), book];
    }
  }

  #book(topic: string, partition: number): Book {
    const key = `${topic}/${partition}`;
    let book = this.#books.get(key);
    if (book === undefined) {
      book = {
        next: undefined,
        begun: [],
        checked: 0,
        sought: undefined,
        leftOut: new Set(),
        pass: this.#passes,
      };
      this.#books.set(key, book);
    }
    return book;
  }
}

/** A record, in words: the key of its output. */
export function nameOf({ topic, partition, offset }: ConsumerMessage): string {
  return `${topic}/${partition}/${offset}`;
}
