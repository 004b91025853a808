import type { RunSummary } from '../../index.ts';
import { counted, duration, perSecond } from './figures.ts';
import { jsonDocument } from './json-output.ts';

/** What a run did, of one process or of several workers together. */
export interface WholeSummary extends RunSummary {
  /** What each of several workers did. */
  readonly workers?: readonly (RunSummary & { readonly worker: number })[];
  /** Stores in memory that ended with it, and how many keys they held. */
  readonly lostStores?: readonly { readonly name: string; readonly keys: number }[];
}

/** How a run ended. */
export interface RunEnding {
  /** Whether a signal stopped it. */
  readonly stopped: boolean;
}

/** What a run did, in a line; then what a person should know beside it. */
export function summaryText(name: string, summary: WholeSummary, { stopped }: RunEnding): string {
  const {
    records,
    batches,
    sent,
    tally,
    durationMs,
    partitions,
    openTransactions,
    workers,
    lostStores = [],
  } = summary;
  const by = workers === undefined ? '' : ` by ${counted(workers.length, 'worker')}`;
  const lines = [
    `${name}: ${stopped ? 'stopped after ' : ''}${counted(records, 'record')} in ${counted(batches, 'batch')}${by} ` +
      `in ${duration(durationMs)} (${perSecond(records, durationMs)}), ${counted(sent, 'record')} sent, ` +
      `${tallyText(tally)}committed up to ${committedText(partitions)}`,
  ];
  for (const { topic, partition, end, highWatermark } of openTransactions) {
    lines.push(
      `${topic}/${partition}: an open transaction at offset ${end} held back ${counted(highWatermark - end, 'record')}; run again after it has ended`,
    );
  }
  if (lostStores.length > 0) {
    const held = lostStores.map(({ name, keys }) => `${name} (${counted(keys, 'key')})`).join(', ');
    lines.push(
      `gone with the memory of the process: ${held}; the next run continues behind the committed offsets without it. Keep it with --store redis or --store elasticsearch`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** More would bury the figures before them; with --json all are there. */
const MOST_LISTED = 24;

/** Messages that were not processed: nothing where there are none. */
function tallyText({ dead_lettered, skipped }: WholeSummary['tally']): string {
  const letters =
    dead_lettered === 0 ? '' : `${counted(dead_lettered, 'message')} set aside as dead letters, `;
  return skipped === 0 ? letters : `${letters}${counted(skipped, 'message')} skipped, `;
}

function committedText(partitions: WholeSummary['partitions']): string {
  const listed = partitions
    .slice(0, MOST_LISTED)
    .map(({ topic, partition, end }) => `${topic}/${partition} ${end}`)
    .join(', ');
  const more = partitions.length - MOST_LISTED;
  return more > 0 ? `${listed} and in ${counted(more, 'more partition')}` : listed;
}

/** The same as one JSON document. */
export function summaryJson(name: string, summary: WholeSummary, { stopped }: RunEnding): string {
  const { records, durationMs, workers } = summary;
  return jsonDocument({
    topicProcessorName: name,
    stopped,
    recordsPerSecond: durationMs > 0 ? Math.round((records * 1000) / durationMs) : 0,
    ...summary,
    durationMs: Math.round(durationMs),
    ...(workers === undefined
      ? {}
      : { workers: workers.map((each) => ({ ...each, durationMs: Math.round(each.durationMs) })) }),
  });
}
