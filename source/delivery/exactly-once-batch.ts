import type { RecordAccumulator, RecordSink } from '../kafka/sink.ts';
import type { EncodedRecords, TransactionalProducer, TransactionOutput } from '../kafka/transactions.ts';
import type { BatchDelivery, BatchOutput, FinishedWork } from './delivery.ts';

/** One batch: what its attempts send is a part of one transaction. */
export class ExactlyOnceBatch implements BatchDelivery {
  readonly sink: RecordSink;
  readonly #parts: ExactlyOnceBatchParts;
  #hasSent = false;
  #isCommitted = false;

  constructor(parts: ExactlyOnceBatchParts) {
    this.#parts = parts;
    const { producer } = parts;
    this.sink = {
      partitionCount: (topic) => producer.partitionCount(topic),
      loadTopic: (topic) => producer.loadTopic(topic),
      accumulator: () => this.#accumulator(),
      close: () => producer.close(),
    };
  }

  get isCommitted(): boolean {
    return this.#isCommitted;
  }

  flush(outputs: readonly BatchOutput[]): Promise<void> | undefined {
    return this.#hasSent || outputs.some(({ count }) => count > 0) ? this.#flush(outputs) : undefined;
  }

  commit(work: FinishedWork): Promise<void> | undefined {
    return this.#parts.commit(work, () => {
      this.#isCommitted = true;
    });
  }

  async #flush(outputs: readonly BatchOutput[]): Promise<void> {
    for (const output of outputs) await output.flushNow();
    // A flush inside process may have failed, and that have been caught.
    await this.#parts.inTurn(() => {
      this.#parts.check();
      return Promise.resolve();
    });
  }

  #accumulator(): RecordAccumulator {
    const { producer, inTurn, send, drop } = this.#parts;
    let hasSent = false;
    const output: TransactionOutput = {
      send: (records) => {
        hasSent = true;
        this.#hasSent = true;
        return inTurn(() => send(records, output));
      },
      dropped: () => {
        if (hasSent) drop(output);
        hasSent = false;
      },
    };
    return producer.accumulator(output);
  }
}

/** What a batch works with. */
export interface ExactlyOnceBatchParts {
  readonly producer: TransactionalProducer;
  /** Does it after all that was asked for before. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  readonly send: (records: EncodedRecords, by: TransactionOutput) => Promise<void>;
  readonly drop: (by: TransactionOutput) => void;
  /** @throws why nothing can be committed */
  readonly check: () => void;
  readonly commit: (work: FinishedWork, committed: () => void) => Promise<void> | undefined;
}
