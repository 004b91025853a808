import type { TopicProcessor } from '../index.ts';
import { counted, perSecond } from './figures.ts';
import type { Progress } from './progress.ts';

/** How often a run without end tells where it is. */
const INTERVAL_MS = 5000;

/**
 * Shows how far a processor is, from its start: against the end of a bounded run, else a line now and then with the lag.
 *
 * @returns ends the report
 */
export function reportProgress(processor: TopicProcessor, progress: Progress, bounded: boolean): () => void {
  if (!bounded) return reportLag(processor, progress);
  let done = 0;
  const forget = [
    processor.on('started', () => {
      progress.start(processor.stats().partitions.reduce((sum, { lag }) => sum + lag, 0));
    }),
    processor.on('batch', ({ step, records }) => {
      if (step !== 'committed') return;
      done += records;
      progress.update(done);
    }),
  ];
  return () => {
    progress.stop();
    for (const each of forget) each();
  };
}

function reportLag(processor: TopicProcessor, progress: Progress): () => void {
  let before = 0;
  const timer = setInterval(() => {
    const { records, partitions } = processor.stats();
    const lag = partitions.reduce((sum, each) => sum + each.lag, 0);
    const rate = perSecond(records - before, INTERVAL_MS);
    before = records;
    progress.write(`${counted(records, 'record')} done, ${counted(lag, 'record')} behind the end, ${rate}\n`);
  }, INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}
