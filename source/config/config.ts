import type { MetricsProvider } from '../../metrics/metrics.ts';
import type { Monitor, MonitorOptions } from '../../metrics/monitor.ts';
import type { ClientInit } from '../kafka/open-client.ts';
import type { Partitioner } from '../kafka/partitioner.ts';
import type { Clock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import { isObject } from '../kernel/is-object.ts';
import type { Logger } from '../kernel/logger.ts';
import { show } from '../kernel/shown-value.ts';
import type { StoreMap } from '../message-processor.ts';
import { tryChain, type Middleware } from '../middleware/middleware.ts';
import { middlewareProblems } from '../middleware/middleware-info.ts';
import type { CommitMetadata } from './commit-metadata.ts';
import { CLAIMS_SUFFIX, groupIdOf } from './group-names.ts';
import { makeStores } from './job-stores.ts';
import { checkMonitor, defaultMetrics } from './monitor-option.ts';
import {
  checkClient,
  checkClock,
  checkCommitMetadata,
  checkInstanceId,
  checkLogger,
  checkMetrics,
  checkMiddleware,
  checkName,
  checkPartitioner,
  checkPartitions,
  checkTopics,
  unknownOption,
} from './option-checks.ts';
import { optionNames, type TopicProcessorOptions } from './options.ts';
import { checkScalars } from './scalar-checks.ts';
import type { ScalarOptions } from './scalar-options.ts';
import { checkStores, measuredStores } from './stores-option.ts';

/** Options with defaults filled in: checked and frozen. */
export interface Config extends Required<ScalarOptions> {
  readonly topicProcessorName: string;
  /** The consumer group of the offsets. */
  readonly groupId: string;
  /** The consumer group whose offsets are the claims on partitions. */
  readonly claimsGroupId: string;
  readonly instanceId: string | undefined;
  readonly client: ClientInit;
  readonly inputTopics: readonly string[];
  readonly inputPartitions: readonly number[];
  readonly partitioner: Partitioner;
  readonly commitMetadata: CommitMetadata;
  /** As `process` gets them: measured if there are metrics. */
  readonly stores: StoreMap;
  /** Names of the stores that are flushed before each commit. */
  readonly flushedStores: readonly string[];
  /** Whether they are in memory since nothing says where else. */
  readonly storesInMemory: boolean;
  readonly middleware: readonly Middleware[];
  readonly logger: Logger;
  readonly metrics: MetricsProvider;
  readonly monitor: Monitor | MonitorOptions | undefined;
  readonly clock: Clock;
}

/**
 * Checks all options and fills in the defaults. The caller's object is left as it is.
 *
 * @throws ConfigError that lists every problem; its cause is what a middleware, or the
 *   function `stores`, threw, if one did
 */
export function makeConfig<Stores extends StoreMap>(options: TopicProcessorOptions<Stores>): Config {
  if (!isObject(options)) throw new ConfigError([`options must be an object, not ${show(options)}`]);
  const given: Record<string, unknown> = { ...options };
  const problems = Object.keys(given)
    .filter((name) => !optionNames.includes(name))
    .map((name) => unknownOption(name));

  const topicProcessorName = checkName(given['topicProcessorName'], problems);
  const groupId = groupIdOf(topicProcessorName);
  const scalars = checkScalars(given, problems);
  const made = makeStores(given, problems);
  const stores = checkStores(made.stores, problems);
  const monitor = checkMonitor(given['monitor'], problems);

  const config = {
    ...scalars,
    batchBytes: scalars.batchBytes ?? Math.max(1, Math.floor(scalars.maxBufferBytes / 4)),
    topicProcessorName,
    groupId,
    claimsGroupId: groupId + CLAIMS_SUFFIX,
    instanceId: checkInstanceId(given['instanceId'], problems),
    client: options.client,
    inputTopics: checkTopics(given['inputTopics'], problems),
    inputPartitions: checkPartitions(given['inputPartitions'], problems),
    partitioner: checkPartitioner(given['partitioner'], problems),
    commitMetadata: checkCommitMetadata(given['commitMetadata'], problems),
    middleware: checkMiddleware(given['middleware'], problems),
    logger: checkLogger(given['logger'], problems),
    metrics: checkMetrics(given['metrics'], defaultMetrics(monitor), problems),
    monitor,
    clock: checkClock(given['clock'], problems),
    ...stores,
    storesInMemory: made.isInMemory,
  };
  checkClient(options.client, problems);
  checkLimits(config, given, problems);
  const chained = tryChain(config.middleware);
  problems.push(...chained.problems, ...middlewareProblems(config.middleware, config));
  if (problems.length > 0)
    throw new ConfigError(problems, { what: 'TopicProcessor options', cause: chained.cause ?? made.cause });
  return Object.freeze({ ...config, stores: measuredStores(config) });
}

/** Limits across options. Where one of the two is wrong itself, only that is reported. */
function checkLimits(config: Config, given: Readonly<Record<string, unknown>>, problems: string[]): void {
  const isGood = (...names: readonly (keyof Config)[]) =>
    names.every((name) => given[name] === undefined || given[name] === config[name]);
  if (isGood('batchBytes', 'maxBufferBytes') && config.batchBytes > config.maxBufferBytes) {
    problems.push(
      `batchBytes (${config.batchBytes}) must not exceed maxBufferBytes (${config.maxBufferBytes}): a batch could never become that large`,
    );
  }
  if (isGood('delivery') && config.delivery === 'exactly-once') problems.push(...exactlyOnceProblems(config));
  if (isGood('maxRecordBytes', 'maxSendBufferBytes') && config.maxRecordBytes > config.maxSendBufferBytes) {
    problems.push(
      `maxRecordBytes (${config.maxRecordBytes}) must not exceed maxSendBufferBytes (${config.maxSendBufferBytes}): such a record could never be sent`,
    );
  }
}

/** What does not fit `delivery: 'exactly-once'`. */
function exactlyOnceProblems({ idempotent, isolation }: Config): string[] {
  const problems: string[] = [];
  if (!idempotent)
    problems.push(
      "delivery 'exactly-once' needs idempotent: true, since transactions do: leave idempotent out",
    );
  if (isolation !== 'read_committed') {
    problems.push(
      `delivery 'exactly-once' needs isolation 'read_committed', not '${isolation}': records of aborted transactions would be processed`,
    );
  }
  return problems;
}
