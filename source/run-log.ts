import { hostname } from 'node:os';
import type { Config } from './config.ts';
import { isObject } from './kernel/is-object.ts';
import { KasperError } from './kernel/errors.ts';
import type { LogFields, Logger } from './kernel/logger.ts';
import { hideSecrets } from './kernel/secrets.ts';
import { packageVersion } from './kernel/version.ts';
import { partitionList } from './kernel/partition-list.ts';
import type { RunFailure } from './run-failure.ts';
import type { ProcessorStats } from './run-summary.ts';
import type { PlannedPartition } from './start-plan.ts';

/** The one line at the start of a run: what it reads, and how. Without secrets. */
export function logStart(config: Config, bounded: boolean, log: Logger): void {
  const { batchSize, batchWaitMs, batchBytes, maxBufferBytes, concurrency, isolation, commit } = config;
  const { groupId, inputTopics, inputPartitions, initialOffset, onOffsetOutOfRange, claims, instanceId } = config;
  log.info('Run starts', {
    group: groupId,
    topics: inputTopics.join(','),
    partitions: partitionList(inputPartitions),
    until: bounded ? 'end' : 'closed',
    ...connectionOf(config.client),
    batchSize,
    batchWaitMs,
    batchBytes,
    maxBufferBytes,
    concurrency,
    isolation,
    commit,
    initialOffset,
    onOffsetOutOfRange,
    claims,
    ...(instanceId === undefined ? {} : { instanceId }),
    ...storesOf(config),
    host: hostname(),
    pid: process.pid,
    version: packageVersion(),
    node: process.versions.node,
  });
}

/** What the options of a client tell of where it connects to; nothing of a client that the user made. */
function connectionOf(client: Config['client']): LogFields {
  if (!('brokers' in client)) return {};
  const { brokers, ssl, sasl } = client;
  return {
    ...(Array.isArray(brokers) ? { brokers: hideSecrets(brokers.join(',')) } : {}),
    tls: ssl !== undefined && ssl !== false,
    sasl: isObject(sasl) ? String(sasl.mechanism) : false,
  };
}

function storesOf({ stores, flushedStores }: Config): LogFields {
  const names = Object.keys(stores);
  if (names.length === 0) return {};
  const flushed = flushedStores.length === 0 ? {} : { flushedStores: flushedStores.join(',') };
  return { stores: names.join(','), ...flushed };
}

/** What a run has come to. */
export interface EndedRun {
  readonly totals: Pick<ProcessorStats, 'records' | 'batches' | 'sent' | 'repeated'>;
  readonly durationMs: number;
  readonly plan: readonly PlannedPartition[];
  /** The committed offset of a topic-partition. */
  readonly committed: (topic: string, partition: number) => number | undefined;
  readonly failure: Pick<RunFailure, 'hasFailed' | 'first'>;
}

/** The one line at the end of a run, with its totals: `ended` at the end that it had at the start, `stopped` before it or in a run without end, or `failed`. */
export function logEnd(log: Logger, { totals, durationMs, plan, committed, failure }: EndedRun): void {
  const { records, batches, sent, repeated } = totals;
  const figures = {
    records,
    batches,
    sent,
    repeated,
    durationMs: Math.round(durationMs),
    recordsPerSecond: durationMs > 0 ? Math.round((records * 1000) / durationMs) : 0,
  };
  if (failure.hasFailed) {
    const error = failure.first;
    const code = KasperError.is(error) ? error.code : undefined;
    log.error('Run failed', { state: 'failed', code, ...figures, error });
    return;
  }
  const isAtEnd = ({ topic, partition, end }: PlannedPartition) =>
    end !== undefined && (committed(topic, partition) ?? -1) >= end;
  const state = plan.length > 0 && plan.every(isAtEnd) ? 'ended' : 'stopped';
  log.info(`Run ${state}`, { state, ...figures });
}
