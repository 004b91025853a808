import type { ProcessorStats, TopicProcessor } from '../../index.ts';
import type { Progress, ProgressFigures } from './progress.ts';

const EVERY_MS = 250;

/** What progress is shown of: a processor, or several workers. */
export interface ProgressSource {
  /** How many records there are to be done; undefined until that is known. */
  readonly total: () => number | undefined;
  readonly figures: () => ProgressFigures;
}

/**
 * Shows how far a run is, from its start: against the end of a bounded run, else the rate and what
 * is behind.
 *
 * @returns a function that ends the report with the last figures
 */
export function reportProgress(
  source: ProgressSource,
  progress: Progress,
  { isBounded }: { readonly isBounded: boolean },
): () => void {
  let isStarted = false;
  const show = () => {
    const total = source.total();
    if (total === undefined) return;
    const figures = source.figures();
    if (!isStarted) progress.start(isBounded ? total : undefined, figures.records);
    isStarted = true;
    progress.update(figures);
  };
  const timer = setInterval(show, EVERY_MS);
  return () => {
    clearInterval(timer);
    progress.end();
    show();
    progress.stop();
  };
}

/** The progress of one processor. */
export function progressOf(processor: TopicProcessor): ProgressSource {
  let total: number | undefined;
  const figures = () => {
    const stats = processor.stats();
    return { records: stats.records, lag: lagOf(stats) };
  };
  processor.on('started', () => {
    total = figures().lag;
  });
  return { total: () => total, figures };
}

/** How many records are left in all partitions of a processor. */
export function lagOf({ partitions }: Pick<ProcessorStats, 'partitions'>): number {
  return partitions.reduce((sum, { lag }) => sum + lag, 0);
}
