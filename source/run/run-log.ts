import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { isMonitor } from '../config/monitor-option.ts';
import { optionRows } from '../config/option-table.ts';
import { isObject } from '../kernel/is-object.ts';
import { KasperError } from '../kernel/errors.ts';
import type { RepeatLimitedLogger } from '../kernel/limit-repeats.ts';
import type { LogFields, Logger } from '../kernel/logger.ts';
import { hideSecrets } from '../kernel/secrets.ts';
import { packageVersion } from '../kernel/package-version.ts';
import { partitionList } from '../kernel/partition-list.ts';
import type { RunOutcome } from './run-outcome.ts';
import type { RunParts } from './run-parts.ts';
import type { ProcessorStats } from '../stats.ts';
import type { PlannedPartition } from '../input/start-plan.ts';

/** Logged at each start; of the other options, those that differ from their default. */
const alwaysLogged: readonly string[] = ['batchSize', 'batchWaitMs', 'batchBytes', 'isolation', 'commit'];

/** The one line at the start of a run: what it reads, and how. Without secrets. */
export function logStart(config: Config, bounded: boolean, log: Logger): void {
  const { groupId, inputTopics, inputPartitions, instanceId } = config;
  const options = optionRows.flatMap(({ name, default: usual }) => {
    const value = config[name as keyof Config];
    return alwaysLogged.includes(name) || value !== usual ? [[name, value] as const] : [];
  });
  log.info('Run starts', {
    group: groupId,
    topics: inputTopics.join(','),
    partitions: partitionList(inputPartitions),
    until: bounded ? 'end' : 'closed',
    ...connectionOf(config.client),
    ...Object.fromEntries(options),
    ...(instanceId === undefined ? {} : { instanceId }),
    ...storesOf(config),
    ...monitorOf(config.monitor),
    host: hostname(),
    pid: process.pid,
    version: packageVersion(),
    node: process.versions.node,
  });
}

/**
 * What the options of a client say about where it connects to; nothing about a client that the user
 * made.
 */
function connectionOf(client: Config['client']): LogFields {
  if (!('brokers' in client)) return {};
  const { brokers, ssl, sasl } = client;
  return {
    ...(Array.isArray(brokers) ? { brokers: hideSecrets(brokers.join(',')) } : {}),
    ...(ssl === undefined || ssl === false ? {} : { tls: true }),
    ...(isObject(sasl) ? { sasl: sasl.mechanism } : {}),
  };
}

/**
 * Where it can be watched; a free port is not known yet, and the server logs it when it listens.
 */
function monitorOf(monitor: Config['monitor']): LogFields {
  if (monitor === undefined || isMonitor(monitor) || monitor.port === 0) return {};
  return { monitor: `${monitor.host ?? '127.0.0.1'}:${monitor.port}` };
}

function storesOf({ stores, flushedStores }: Config): LogFields {
  const names = Object.keys(stores);
  if (names.length === 0) return {};
  const flushed = flushedStores.length === 0 ? {} : { flushedStores: flushedStores.join(',') };
  return { stores: names.join(','), ...flushed };
}

/**
 * The one line at the end of a run, with its totals: `ended` at the end that it had at the start,
 * `stopped` before it or in a run without end, or `failed`. Before it, the repeats that were held
 * back are logged.
 */
export function logEnd(
  log: RepeatLimitedLogger,
  { plan, delivery }: Pick<RunParts, 'plan' | 'delivery'>,
  { stats, durationMs, outcome }: EndOfRun,
): void {
  log.close();
  const { records, batches, sent, repeated, tally } = stats;
  const figures = {
    records,
    batches,
    sent,
    repeated,
    ...Object.fromEntries(Object.entries(tally).filter(([, messages]) => messages > 0)),
    durationMs: Math.round(durationMs),
    recordsPerSecond: durationMs > 0 ? Math.round((records * 1000) / durationMs) : 0,
  };
  if (outcome.hasFailed) {
    const error = outcome.first;
    const code = KasperError.is(error) ? error.code : undefined;
    log.error('Run failed', { state: 'failed', code, ...figures, error });
    return;
  }
  const isAtEnd = (planned: PlannedPartition) =>
    planned.end !== undefined && (delivery?.committed(planned) ?? -1) >= planned.end;
  const state = plan.length > 0 && plan.every(isAtEnd) ? 'ended' : 'stopped';
  log.info(`Run ${state}`, { state, ...figures });
}

interface EndOfRun {
  readonly stats: ProcessorStats;
  readonly durationMs: number;
  readonly outcome: RunOutcome;
}
