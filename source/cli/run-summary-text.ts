import type { RunSummary } from '../index.ts';
import { counted, duration, perSecond } from './figures.ts';

/** What a run did, in a line; then what a person should know beside it. */
export function summaryText(name: string, summary: RunSummary, stopped: boolean): string {
  const { records, batches, sent, durationMs, partitions, openTransactions } = summary;
  const lines = [
    `${name}: ${stopped ? 'stopped after ' : ''}${counted(records, 'record')} in ${counted(batches, 'batch')} ` +
      `in ${duration(durationMs)} (${perSecond(records, durationMs)}), ${counted(sent, 'record')} sent, ` +
      `committed up to ${partitions.map(({ topic, partition, end }) => `${topic}/${partition} ${end}`).join(', ')}`,
  ];
  for (const { topic, partition, end, highWatermark } of openTransactions) {
    lines.push(
      `${topic}/${partition}: an open transaction at offset ${end} held back ${counted(highWatermark - end, 'record')}; run again when it has ended`,
    );
  }
  return `${lines.join('\n')}\n`;
}
