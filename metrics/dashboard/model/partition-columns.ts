import { age, count, none, stepTime } from './figures.ts';
import type { PartitionRow } from './partition-rows.ts';
import type { ReportedBatch } from './page-report.ts';

/** A column of the table of partitions. */
export interface PartitionColumn {
  readonly id: string;
  readonly label: string;
  /** The header's longer form, shown as its tooltip. */
  readonly help: string;
  /** Sorted with the largest first, and aligned right. */
  readonly numeric: boolean;
  /** The value to sort by; null comes last. */
  readonly value: (row: PartitionRow) => number | string | null;
  readonly text: (row: PartitionRow) => string;
}

/** Steps, those that need attention first. */
const stepOrder = [
  'failed',
  'held',
  'commit',
  'store',
  'produce',
  'process',
  'wait',
  'queued',
  'idle',
  'ended',
];

/** What a column of numbers is made of. */
interface NumberColumn<Of> extends Pick<PartitionColumn, 'id' | 'label' | 'help'> {
  readonly value: (of: Of) => number | null;
  readonly text?: (value: number) => string;
}

function number({ value, text = count, ...names }: NumberColumn<PartitionRow>): PartitionColumn {
  return {
    ...names,
    numeric: true,
    value,
    text(row) {
      const shown = value(row);
      return shown === null ? none : text(shown);
    },
  };
}

function ofBatch({ value, text = stepTime, ...names }: NumberColumn<ReportedBatch>): PartitionColumn {
  return number({ ...names, value: ({ batch }) => (batch === null ? null : value(batch)), text });
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
  number({
    id: 'partition',
    label: 'Part.',
    help: 'Partition',
    value: ({ partition }) => partition,
    text: (value) => String(value),
  }),
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
    help: 'What the partition is doing; full: its buffer is full, so it is not fetched; held back: by an open transaction',
    numeric: false,
    value: ({ step }) => stepOrder.indexOf(step),
    text: ({ step, paused, heldBack }) =>
      [
        step,
        ...(paused && step !== 'ended' ? ['full'] : []),
        ...(heldBack === null ? [] : ['held back']),
      ].join(', '),
  },
  number({ id: 'lag', label: 'Lag', help: 'Records behind the end', value: ({ lag }) => lag }),
  number({
    id: 'rate',
    label: 'Rate',
    help: 'Records per second',
    value: ({ rate }) => rate,
    text: (value) => `${count(value)}/s`,
  }),
  number({
    id: 'moved',
    label: 'Moved',
    help: 'When the committed offset last moved, while there is something to do',
    value: ({ lag, msSinceProgress }) => (lag === 0 ? null : msSinceProgress),
    text: age,
  }),
  number({
    id: 'committed',
    label: 'Committed',
    help: 'Committed offset',
    value: ({ committed }) => committed,
  }),
  number({
    id: 'position',
    label: 'Position',
    help: 'Next offset to fetch',
    value: ({ position }) => position,
  }),
  number({ id: 'end', label: 'End', help: 'High watermark', value: ({ highWatermark }) => highWatermark }),
  ofBatch({
    id: 'batch',
    label: 'Batch',
    help: 'Records in the last batch',
    value: ({ records }) => records,
    text: count,
  }),
  {
    id: 'trigger',
    label: 'Due by',
    help: 'The rule that made the last batch due',
    numeric: false,
    value: ({ batch }) => batch?.trigger ?? null,
    text: ({ batch }) => batch?.trigger ?? none,
  },
  ofBatch({
    id: 'process',
    label: 'Process',
    help: 'Last batch: time in process',
    value: ({ processMs }) => processMs,
  }),
  ofBatch({
    id: 'produce',
    label: 'Produce',
    help: 'Last batch: time until all it sent was acked',
    value: ({ produceMs }) => produceMs,
  }),
  ofBatch({
    id: 'store',
    label: 'Store',
    help: 'Last batch: time until stores were flushed',
    value: ({ storeMs }) => storeMs,
  }),
  ofBatch({
    id: 'commit',
    label: 'Commit',
    help: 'Last batch: time until its offsets were committed',
    value: ({ commitMs }) => commitMs,
  }),
];
