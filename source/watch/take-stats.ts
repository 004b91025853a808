import type { Config } from '../config/config.ts';
import type { InputPartition } from '../input/input-partition.ts';
import type { PartitionProgress } from '../input/partition-progress.ts';
import { deepFreeze } from '../kernel/deep-freeze.ts';
import type { ProcessorState } from '../lifecycle.ts';
import type { RunOutcome } from '../run/run-outcome.ts';
import type { RunParts } from '../run/run-parts.ts';
import type {
  Degraded,
  PartitionProcessorStats,
  PartitionStats,
  ProcessorStats,
  RunSummary,
} from '../stats.ts';
import type { PartitionTotals } from './partition-totals.ts';
import { describeError, type RecentErrors } from './recent-errors.ts';
import type { RunTotals } from './run-totals.ts';

/** All that a snapshot is taken of; before the first fetch there is no flow. */
export interface StatsSources {
  readonly config: Config;
  readonly state: ProcessorState;
  readonly startedAt: number | undefined;
  readonly totals: RunTotals;
  readonly ofPartitions: PartitionTotals;
  readonly outcome: RunOutcome;
  readonly recentErrors: RecentErrors;
  readonly degraded: Degraded | null;
  readonly parts: RunParts;
}

/** A snapshot of a processor. */
export function takeStats(sources: StatsSources): ProcessorStats {
  const { config, state, startedAt, totals, outcome, recentErrors, degraded, parts } = sources;
  const { flow, endWatch } = parts;
  const { topicProcessorName, groupId } = config;
  return deepFreeze({
    topicProcessorName,
    groupId,
    state,
    startedAt: startedAt ?? null,
    failure: outcome.hasFailed ? describeError(outcome.first) : null,
    degraded,
    recentErrors: recentErrors.all,
    endsAskedAt: endWatch?.answeredAt ?? null,
    ...totals.snapshot(),
    buffered: flow?.buffered ?? 0,
    bufferedBytes: flow?.bufferedBytes ?? 0,
    inHand: flow?.inHand ?? 0,
    partitions: (flow?.progress ?? []).map((progress) => partitionStats(progress, sources)),
    partitionProcessors: (flow?.partitions ?? []).map((partition) => processorStats(partition, sources)),
  });
}

function partitionStats(
  progress: PartitionProgress,
  { config, ofPartitions, parts: { delivery, heldBack: watch } }: StatsSources,
): PartitionStats {
  const { topic, partition, position, highWatermark, visibleEnd, paused, workSince, end } = progress;
  const committed = delivery?.committed(progress) ?? null;
  const lag = Math.max(0, visibleEnd - (committed ?? position));
  const since = Math.max(workSince, delivery?.movedAt(progress) ?? workSince);
  // A bounded run has nothing to do past its end.
  const isDone = lag === 0 || (end !== undefined && (committed ?? position) >= end);
  const msSinceProgress = isDone ? 0 : config.clock.now() - since;
  const records = ofPartitions.records(topic, partition);
  const heldBack = watch?.of(progress) ?? null;
  return {
    topic,
    partition,
    position,
    committed,
    highWatermark,
    lag,
    paused,
    records,
    msSinceProgress,
    heldBack,
  };
}

function processorStats(
  { partition, step, loop, processor }: InputPartition,
  { ofPartitions }: StatsSources,
): PartitionProcessorStats {
  const { busyMs, buffered, bufferedBytes } = loop;
  return {
    partition,
    step,
    busyMs,
    buffered,
    bufferedBytes,
    inHand: processor.records,
    batches: ofPartitions.batches(partition),
    lastBatch: ofPartitions.lastBatch(partition),
  };
}

/** What a run has done, at its end. */
export function summarize(
  { plan, delivery }: Pick<RunParts, 'plan' | 'delivery'>,
  totals: RunTotals,
  durationMs: number,
): RunSummary {
  const { records, batches, sent, tally } = totals.snapshot();
  return deepFreeze({
    records,
    batches,
    sent,
    tally,
    durationMs,
    partitions: plan.map((planned) => ({
      topic: planned.topic,
      partition: planned.partition,
      start: planned.offset,
      end: delivery?.committed(planned) ?? planned.offset,
    })),
    openTransactions: plan.flatMap(({ topic, partition, end, highWatermark }) =>
      end !== undefined && end < highWatermark ? [{ topic, partition, end, highWatermark }] : [],
    ),
  });
}
