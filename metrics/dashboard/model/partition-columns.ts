import { age, count, none, stepTime } from './figures.ts';
import type { PartitionRow } from './partition-rows.ts';
import type { ReportedBatch } from './page-report.ts';

/** A column of the table of partitions. */
export interface PartitionColumn {
  readonly id: string;
  readonly label: string;
  /** The header's longer form, for those who point at it. */
  readonly help: string;
  /** Sorted from the largest one first, and set flush right. */
  readonly numeric: boolean;
  /** What is sorted by; null comes last. */
  readonly value: (row: PartitionRow) => number | string | null;
  readonly text: (row: PartitionRow) => string;
}

/** Steps in the order of what asks for attention. */
const stepOrder = ['failed', 'held', 'commit', 'store', 'produce', 'process', 'queued', 'idle', 'ended'];

function number(
  id: string,
  label: string,
  help: string,
  value: (row: PartitionRow) => number | null,
  text: (value: number) => string = count,
): PartitionColumn {
  return {
    id,
    label,
    help,
    numeric: true,
    value,
    text(row) {
      const shown = value(row);
      return shown === null ? none : text(shown);
    },
  };
}

function ofBatch(
  id: string,
  label: string,
  help: string,
  value: (batch: ReportedBatch) => number | null,
  text: (value: number) => string = stepTime,
): PartitionColumn {
  return number(id, label, help, ({ batch }) => (batch === null ? null : value(batch)), text);
}

/** From left to right. */
export const partitionColumns: readonly PartitionColumn[] = [
  {
    id: 'topic',
    label: 'Topic',
    help: 'Input topic',
    numeric: false,
    value: ({ topic }) => topic,
    text: ({ topic }) => topic,
  },
  {
    ...number(
      'partition',
      'Part.',
      'Partition',
      ({ partition }) => partition,
      (value) => String(value),
    ),
    numeric: true,
  },
  {
    id: 'processor',
    label: 'Processor',
    help: 'Processor or worker',
    numeric: false,
    value: ({ processor }) => processor,
    text: ({ processor }) => processor,
  },
  {
    id: 'step',
    label: 'Step',
    help: 'What the partition is doing; full: left out of fetches, since its buffer is full',
    numeric: false,
    value: ({ step }) => stepOrder.indexOf(step),
    text: ({ step, paused }) => (paused && step !== 'ended' ? `${step}, full` : step),
  },
  number('lag', 'Lag', 'Records behind the end', ({ lag }) => lag),
  number(
    'rate',
    'Rate',
    'Records per second',
    ({ rate }) => rate,
    (value) => `${count(value)}/s`,
  ),
  number(
    'moved',
    'Moved',
    'When the committed offset moved last, while there is something to do',
    ({ lag, msSinceProgress }) => (lag === 0 ? null : msSinceProgress),
    age,
  ),
  number('committed', 'Committed', 'Committed offset', ({ committed }) => committed),
  number('position', 'Position', 'Next offset to fetch', ({ position }) => position),
  number('end', 'End', 'High watermark', ({ highWatermark }) => highWatermark),
  ofBatch('batch', 'Batch', 'Records in the last batch', ({ records }) => records, count),
  {
    id: 'trigger',
    label: 'Due by',
    help: 'The rule that made the last batch due',
    numeric: false,
    value: ({ batch }) => batch?.trigger ?? null,
    text: ({ batch }) => batch?.trigger ?? none,
  },
  ofBatch('process', 'Process', 'Last batch: time in process', ({ processMs }) => processMs),
  ofBatch('produce', 'Produce', 'Last batch: until all it sent was acked', ({ produceMs }) => produceMs),
  ofBatch('store', 'Store', 'Last batch: until stores were flushed', ({ storeMs }) => storeMs),
  ofBatch('commit', 'Commit', 'Last batch: until its offsets were committed', ({ commitMs }) => commitMs),
];
