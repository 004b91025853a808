import {
  defineJob,
  logErrors,
  retry,
  type Job,
  type MessageProcessor,
  type StoreMap,
} from '../../../source/index.ts';
import { storesEqualFold } from '../invariants/stores-equal-fold.ts';
import type { FinishedRun } from '../finished-run.ts';
import type { Invariant, WorkerContext } from '../workload.ts';
import { sumCodec, type Sum } from './sum.ts';

/** A store in a worker, with what fills it before the first batch, and what ends its client. */
export interface OpenedStore<Kind> {
  readonly store: Kind;
  fill?(): Promise<void>;
  close?(): void;
}

export interface StoreJobOptions {
  /** The workload's name of the topic that is read. */
  readonly input: string;
  readonly stores: StoreMap;
  readonly processor: MessageProcessor;
  readonly opened: Pick<OpenedStore<unknown>, 'fill' | 'close'>;
}

/**
 * A job that keeps values in a store. As long as any fault lasts a store that is away is waited for,
 * and each error is logged.
 */
export function storeJob(
  worker: WorkerContext,
  { input, stores, processor, opened: { fill, close } }: StoreJobOptions,
): Job {
  return defineJob(
    {
      topicProcessorName: worker.name,
      inputTopics: [worker.topic(input)],
      batchSize: 500,
      batchWaitMs: 50,
      stores,
      middleware: [retry({ attempts: 1_000, initialMs: 50, maxMs: 1_000 }), logErrors()],
    },
    {
      ...processor,
      ...(fill === undefined ? {} : { init: fill }),
      ...(close === undefined ? {} : { close }),
    },
  );
}

/**
 * Stored sums are those of the amounts that were read, by their keys, and so is each that was sent to
 * the topic `sums`.
 */
export function sumsEqualFold(stored: (run: FinishedRun) => Promise<ReadonlyMap<string, Sum>>): Invariant {
  return storesEqualFold({
    amounts: ({ key, value }) => [[key ?? '', Number(value)]],
    stored,
    sent: { topic: 'sums', sum: ({ key, value }) => [String(key), sumCodec.decode(value ?? Buffer.of())] },
  });
}
