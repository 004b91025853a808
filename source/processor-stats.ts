import type { Config } from './config.ts';
import type { InputFlow } from './input-flow.ts';
import { deepFreeze } from './kernel/deep-freeze.ts';
import type { ProcessorState } from './lifecycle.ts';
import type { OffsetCommitter } from './offset-committer.ts';
import type { ProcessorStats, RunSummary } from './run-summary.ts';
import type { RunTotals } from './run-totals.ts';
import type { PlannedPartition } from './start-plan.ts';

/** A snapshot of a processor; before the first fetch there is no flow. */
export function takeStats(
  { topicProcessorName, groupId }: Config,
  state: ProcessorState,
  totals: RunTotals,
  flow: InputFlow | undefined,
  committer: OffsetCommitter | undefined,
): ProcessorStats {
  return deepFreeze({
    topicProcessorName,
    groupId,
    state,
    ...totals.snapshot(),
    buffered: flow?.buffered ?? 0,
    bufferedBytes: flow?.bufferedBytes ?? 0,
    inHand: flow?.inHand ?? 0,
    partitions: (flow?.progress ?? []).map(
      ({ topic, partition, position, highWatermark, visibleEnd, paused }) => {
        const committed = committer?.committed(topic, partition) ?? null;
        const lag = Math.max(0, visibleEnd - (committed ?? position));
        return { topic, partition, position, committed, highWatermark, lag, paused };
      },
    ),
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
