import type { Config } from '../config/config.ts';
import type { InputFlow } from '../input/input-flow.ts';
import { deepFreeze } from '../kernel/deep-freeze.ts';
import type { ProcessorState } from '../lifecycle.ts';
import type { OffsetCommitter } from '../delivery/offset-committer.ts';
import type { PartitionProgress } from '../input/partition-progress.ts';
import type { PartitionTotals } from './partition-totals.ts';
import { describeError, type RecentErrors } from './recent-errors.ts';
import type { PartitionProcessorStats, PartitionStats, ProcessorStats, RunSummary } from '../stats.ts';
import type { RunFailure } from '../run/run-failure.ts';
import type { RunTotals } from './run-totals.ts';
import type { PlannedPartition } from '../input/start-plan.ts';

/** All that a snapshot is taken of; before the first fetch there is no flow. */
export interface StatsSources {
  readonly config: Config;
  readonly state: ProcessorState;
  readonly startedAt: number | undefined;
  readonly totals: RunTotals;
  readonly ofPartitions: PartitionTotals;
  readonly failure: RunFailure;
  readonly recentErrors: RecentErrors;
  readonly endsAskedAt: number | undefined;
  readonly flow: InputFlow | undefined;
  readonly committer: OffsetCommitter | undefined;
}

/** A snapshot of a processor. */
export function takeStats(sources: StatsSources): ProcessorStats {
  const { config, state, startedAt, totals, failure, recentErrors, endsAskedAt, flow } = sources;
  const { topicProcessorName, groupId } = config;
  return deepFreeze({
    topicProcessorName,
    groupId,
    state,
    startedAt: startedAt ?? null,
    failure: failure.hasFailed ? describeError(failure.first) : null,
    recentErrors: recentErrors.all,
    endsAskedAt: endsAskedAt ?? null,
    ...totals.snapshot(),
    buffered: flow?.buffered ?? 0,
    bufferedBytes: flow?.bufferedBytes ?? 0,
    inHand: flow?.inHand ?? 0,
    partitions: (flow?.progress ?? []).map((progress) => partitionStats(progress, sources)),
    partitionProcessors: processorStats(sources),
  });
}

function partitionStats(
  { topic, partition, position, highWatermark, visibleEnd, paused, workSince, end }: PartitionProgress,
  { config, ofPartitions, committer }: StatsSources,
): PartitionStats {
  const committed = committer?.committed(topic, partition) ?? null;
  const lag = Math.max(0, visibleEnd - (committed ?? position));
  const since = Math.max(workSince, committer?.movedAt(topic, partition) ?? workSince);
  // A bounded run has nothing to do past its end.
  const isDone = lag === 0 || (end !== undefined && (committed ?? position) >= end);
  const msSinceProgress = isDone ? 0 : config.clock.now() - since;
  const records = ofPartitions.records(topic, partition);
  return { topic, partition, position, committed, highWatermark, lag, paused, records, msSinceProgress };
}

function processorStats({ flow, ofPartitions }: StatsSources): PartitionProcessorStats[] {
  return (flow?.processors ?? []).map(({ processor, hasEnded }) => {
    const { partition, step, busyMs, buffered, bufferedBytes, inHand } = processor;
    return {
      partition,
      step: hasEnded && step === 'idle' ? 'ended' : step,
      busyMs,
      buffered,
      bufferedBytes,
      inHand,
      batches: ofPartitions.batches(partition),
      lastBatch: ofPartitions.lastBatch(partition),
    };
  });
}

/** What a run has done, at its end. */
export function summarize(
  plan: readonly PlannedPartition[],
  committer: OffsetCommitter | undefined,
  totals: RunTotals,
  durationMs: number,
): RunSummary {
  const { records, batches, sent } = totals.snapshot();
  return deepFreeze({
    records,
    batches,
    sent,
    durationMs,
    partitions: plan.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      start: offset,
      end: committer?.committed(topic, partition) ?? offset,
    })),
    openTransactions: plan.flatMap(({ topic, partition, end, highWatermark }) =>
      end !== undefined && end < highWatermark ? [{ topic, partition, end, highWatermark }] : [],
    ),
  });
}
