import { TopicProcessor, type RunSummary } from '../../index.ts';
import { metricsFor } from './job-monitor.ts';
import type { JobSetup } from './job-setup.ts';
import { openStoresOf } from './job-stores.ts';

/** A job whose partitions are known. */
export type ReadyJob = JobSetup & { readonly inputPartitions: readonly number[] };

/**
 * Runs a job in this process, with its stores open meanwhile.
 *
 * @param watch called with the processor before it runs; what it returns is called after
 */
export async function runHere(
  setup: ReadyJob,
  signal: AbortSignal,
  watch: (processor: TopicProcessor) => () => void,
): Promise<RunSummary> {
  const { job, settings, options, inputPartitions, place, watched } = setup;
  const { logger } = options;
  const { topicProcessorName } = job;
  await using opened = await openStoresOf(job.stores, place, { topicProcessorName, logger });
  const metrics = await metricsFor(watched);
  const processor = new TopicProcessor(
    {
      ...options,
      ...opened.option,
      inputPartitions,
      ...(metrics === undefined ? {} : { metrics }),
      ...(watched.monitor === undefined ? {} : { monitor: watched.monitor }),
    },
    job.processor,
  );
  const endWatch = watch(processor);
  try {
    return await (settings.toEnd === true ? processor.runToEnd({ signal }) : processor.runLoop({ signal }));
  } finally {
    endWatch();
  }
}
