import type { HealthReport } from '../../metrics/monitor.ts';
import type { PartitionProcessorStats, PartitionStats, ProcessorStats } from '../stats.ts';

/** Everything by which a processor's health is judged. */
export interface HealthInputs {
  readonly stats: ProcessorStats;
  readonly stallTimeoutMs: number;
  readonly stallLagRecords: number;
  readonly heldBackTimeoutMs: number;
  /**
   * For how long no broker has answered although something was requested; 0 if everything was
   * answered.
   */
  readonly brokersSilentMs: number;
  /** What a start is doing, in words: 'it connects to Kafka'. */
  readonly starting: string;
}

/** This many partitions are named. */
const NAMED = 10;

/**
 * Judges a processor. It is healthy unless the run has failed or, while it runs, brokers are silent
 * or a partition with lag makes no progress. A partition whose messages are collected for a batch
 * that is not due yet has nothing to do; if its batch is due, the time counts from then on.
 *
 * It is degraded while something that it needs has failed for some time, and is tried again; and a
 * transaction of another producer that holds records back is a problem: neither is a reason to
 * restart it.
 */
export function healthOf(inputs: HealthInputs): HealthReport {
  const { stats } = inputs;
  const problems: string[] = [];
  if (stats.failure !== null) problems.push(`The run has failed: ${stats.failure.message}`);
  else if (stats.state === 'running') problems.push(...silence(inputs), ...stalls(inputs));
  const healthy = problems.length === 0;
  const ready = stats.failure === null && stats.state === 'running';
  const trouble = stats.failure === null ? stats.degraded : null;
  problems.push(...(trouble?.problems ?? []));
  const degraded = trouble !== null;
  // Another producer's matter: to restart this processor does not help.
  if (stats.failure === null) problems.push(...heldBack(inputs));
  const reason = notReady(inputs);
  if (reason !== undefined && stats.failure === null) problems.push(reason);
  return Object.freeze({ healthy, degraded, ready, problems: Object.freeze(problems) });
}

function notReady({ stats, starting }: HealthInputs): string | undefined {
  switch (stats.state) {
    case 'new':
      return 'It has not been started yet';
    case 'starting':
      return `It is starting: ${starting}`;
    case 'closing':
      return 'It is closing';
    case 'closed':
      return 'It is closed';
    default:
      return undefined;
  }
}

function silence({ brokersSilentMs, stallTimeoutMs }: HealthInputs): string[] {
  if (brokersSilentMs < stallTimeoutMs) return [];
  return [`No broker has answered for ${seconds(brokersSilentMs)}`];
}

function stalls({ stats, stallTimeoutMs, stallLagRecords }: HealthInputs): string[] {
  const processors = new Map(stats.partitionProcessors.map((each) => [each.partition, each]));
  const stalled: string[] = [];
  for (const partition of stats.partitions) {
    if (partition.lag <= stallLagRecords) continue;
    const processor = processors.get(partition.partition);
    const ms = stalledMs(partition, processor);
    if (ms >= stallTimeoutMs) stalled.push(sentence(partition, processor, ms));
  }
  return capped(stalled, (more) => `${more} more partitions make no progress either`);
}

/** For how long a partition has made no progress although it should. */
function stalledMs(partition: PartitionStats, processor: PartitionProcessorStats | undefined): number {
  const { msSinceProgress } = partition;
  if (processor === undefined || awaitsRecords(partition)) return msSinceProgress;
  switch (processor.step) {
    case 'idle':
      // With nothing left to process, only the commit is missing.
      return processor.buffered > 0 ? 0 : msSinceProgress;
    case 'held':
    case 'failed':
    case 'ended':
      return msSinceProgress;
    default:
      return Math.min(msSinceProgress, processor.busyMs);
  }
}

/** Nothing was fetched that is not committed. */
function awaitsRecords({ position, committed }: PartitionStats): boolean {
  return position <= (committed ?? position);
}

function sentence(
  partition: PartitionStats,
  processor: PartitionProcessorStats | undefined,
  ms: number,
): string {
  const { topic, partition: number, lag } = partition;
  return (
    `${topic}/${number} has made no progress for ${seconds(ms)}, with a lag of ${lag} ` +
    `${lag === 1 ? 'record' : 'records'}: ${doing(partition, processor)}`
  );
}

function doing(partition: PartitionStats, processor: PartitionProcessorStats | undefined): string {
  if (processor === undefined || awaitsRecords(partition)) return 'brokers send no records for it';
  const { step, inHand, busyMs } = processor;
  const batch = `a batch of ${inHand} ${inHand === 1 ? 'message' : 'messages'}`;
  const since = `for ${seconds(busyMs)}`;
  switch (step) {
    case 'process':
      return `${batch} has been in process ${since}`;
    case 'wait':
      return `${batch} waits (context.wait), and has been in process ${since}`;
    case 'produce':
      return `the records that ${batch} sent have not been acked ${since}`;
    case 'store':
      return `a flush of the stores for ${batch} has been running ${since}`;
    case 'idle':
    case 'commit':
      return 'commits are not acked';
    case 'queued':
      return 'a batch is due and waits for its turn';
    case 'held':
      return 'a seek is in progress';
    case 'failed':
      return 'it has failed';
    case 'ended':
      return 'it has ended';
  }
}

function heldBack({ stats, heldBackTimeoutMs }: HealthInputs): string[] {
  if (stats.state !== 'running') return [];
  const sentences: string[] = [];
  for (const { topic, partition, heldBack: held } of stats.partitions) {
    if (held === null || held.ms < heldBackTimeoutMs) continue;
    const who = held.producerIds.length === 0 ? '' : ` of producer ${held.producerIds.join(', ')}`;
    sentences.push(
      `An open transaction${who} has held back the records of ${topic}/${partition} from offset ${held.offset} on for ${seconds(held.ms)}`,
    );
  }
  return capped(sentences, (more) => `${more} more partitions are held back as well`);
}

/** Names some, and counts the others. */
function capped(sentences: readonly string[], rest: (more: number) => string): string[] {
  if (sentences.length <= NAMED) return [...sentences];
  return [...sentences.slice(0, NAMED), rest(sentences.length - NAMED)];
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
