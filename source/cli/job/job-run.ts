import { TopicProcessor, type RunSummary } from '../../index.ts';
import type { EarlyMonitor } from './early-monitor.ts';
import type { JobSetup } from './job-setup.ts';
import { openStoresOf } from './job-stores.ts';
import type { HeldStore } from './store-connection.ts';

/** A job whose partitions are known. */
export type ReadyJob = JobSetup & { readonly inputPartitions: readonly number[] };

/** What a run did, and what ended with its process. */
export interface JobSummary extends RunSummary {
  /** The stores in memory that held something; absent if there were none. */
  readonly lostStores?: readonly HeldStore[];
}

/** Of a run that was stopped before it began. */
export const nothingDone: JobSummary = {
  records: 0,
  batches: 0,
  sent: 0,
  tally: { retried: 0, dead_lettered: 0, skipped: 0 },
  durationMs: 0,
  partitions: [],
  openTransactions: [],
};

/**
 * Runs a job in this process, with its stores open meanwhile. If it is to stop before they are open,
 * it does not begin.
 *
 * @param monitor what shows it already; undefined: it is not watched
 * @param watch called with the processor before it runs; what it returns is called after
 */
export async function runHere(
  setup: ReadyJob,
  { signal, monitor }: { readonly signal: AbortSignal; readonly monitor: EarlyMonitor | undefined },
  watch: (processor: TopicProcessor) => () => void,
): Promise<JobSummary> {
  const { job, settings, options, inputPartitions, place, watched } = setup;
  const { logger } = options;
  const { topicProcessorName } = job;
  const user = { topicProcessorName, logger, signal };
  await using opened = await unlessStopped(signal, openStoresOf(job.stores, place, user));
  if (opened === undefined) return nothingDone;
  const metrics = monitor?.job.metrics ?? watched.metrics;
  const processor = new TopicProcessor(
    {
      ...options,
      ...opened.option,
      inputPartitions,
      ...(metrics === undefined ? {} : { metrics }),
      ...(monitor === undefined ? {} : { monitor }),
    },
    job.processor,
  );
  const endWatch = watch(processor);
  try {
    const summary = await (settings.toEnd === true
      ? processor.runToEnd({ signal })
      : processor.runLoop({ signal }));
    const lostStores = opened.held();
    return lostStores.length === 0 ? summary : { ...summary, lostStores };
  } finally {
    endWatch();
  }
}

/** Undefined if it was cut short by the signal. */
async function unlessStopped<Opened>(
  signal: AbortSignal,
  opening: Promise<Opened>,
): Promise<Opened | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
