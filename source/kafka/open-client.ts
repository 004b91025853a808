import { systemClock } from '../kernel/clock.ts';
import type { Clock } from '../kernel/clock.ts';
import { checkDurations } from '../kernel/duration.ts';
import { checkArguments, loggerArgument } from '../kernel/check-arguments.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { isObject } from '../kernel/is-object.ts';
import { limitRepeats } from '../kernel/limit-repeats.ts';
import type { Logger } from '../kernel/logger.ts';
import type { KafkaClient } from './client.ts';
import {
  DEFAULT_DEADLINES,
  DEFAULT_FIRST_CONNECT_TIMEOUT_MS,
  DEFAULT_RETRY_TIMEOUT_MS,
} from './kafkajs/connection/deadlines.ts';
import type { Deadlines } from './kafkajs/connection/deadlines.ts';
import { checkKafkaOptions } from './kafkajs/check-kafka-options.ts';
import { isKafkaLike, type KafkaLike, type KafkaOptions } from './kafkajs/kafka-options.ts';
import { KafkajsClient } from './kafkajs/kafkajs-client.ts';

export type {
  KafkaLike,
  KafkaOptions,
  SaslAuthenticator,
  SaslOptions,
  SaslProviderArgs,
} from './kafkajs/kafka-options.ts';
export { kafkaLogCreator } from './kafkajs/capture/kafkajs-log.ts';
export type { Deadlines } from './kafkajs/connection/deadlines.ts';
export type { KafkajsLogEntry } from './kafkajs/capture/kafkajs-log.ts';

/** What a user may give as `client`. */
export type ClientInit = KafkaLike | KafkaOptions | KafkaClient;

/** How a client works. */
export interface OpenClientOptions {
  readonly logger: Logger;
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
  /** For how long retriable failures of one call are retried, in milliseconds. Default 120000. */
  readonly retryTimeoutMs?: number;
  /**
   * For how long `connect()` looks for a first broker, in milliseconds. Default 30000, or
   * `retryTimeoutMs` where that is less.
   */
  readonly firstConnectTimeoutMs?: number;
  /**
   * For how long the broker may hold a fetch, in milliseconds: the user's requestTimeout must leave
   * room for it. Default 250.
   */
  readonly fetchMaxWaitMs?: number;
  /** Limits of single requests; for specs and for very slow networks. */
  readonly deadlines?: Partial<Deadlines>;
}

/**
 * Turns what a user gives as `client` into the port to Kafka. Nothing is connected before
 * `connect()`. Repeats of its warnings are limited as by {@link limitRepeats}.
 *
 * @param client a `Kafka` of kafkajs, its options, or a KafkaClient, which is passed through
 * @throws ConfigError for anything else, for options that do not exist, and for addresses that are
 *   none
 */
export function openClient(client: ClientInit, options: OpenClientOptions): KafkaClient {
  checkArguments('Kafka client', [
    isObject(client) && ('brokers' in client || 'consumer' in client || isKafkaClient(client)),
    'client: give a Kafka instance of kafkajs, or options such as { brokers: [...] }',
    client,
  ]);
  if (isKafkaClient(client)) return client;
  checkOptionNames('openClient', options, optionNames);
  checkArguments('openClient', loggerArgument(options.logger), [
    options.deadlines === undefined || isObject(options.deadlines),
    'deadlines must be an object of milliseconds',
    options.deadlines,
  ]);
  if (!isKafkaLike(client)) checkKafkaOptions(client);
  const { fetchMaxWaitMs, firstConnectTimeoutMs, deadlines } = options;
  checkDurations('Kafka client', {
    retryTimeoutMs: options.retryTimeoutMs,
    firstConnectTimeoutMs,
    fetchMaxWaitMs,
    ...deadlines,
  });
  const clock = options.clock ?? systemClock;
  const retryTimeoutMs = options.retryTimeoutMs ?? DEFAULT_RETRY_TIMEOUT_MS;
  return new KafkajsClient(client, {
    logger: limitRepeats(options.logger, { clock }),
    clock,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 250,
    retryTimeoutMs,
    firstConnectTimeoutMs:
      firstConnectTimeoutMs ?? Math.min(DEFAULT_FIRST_CONNECT_TIMEOUT_MS, retryTimeoutMs),
    deadlines: { ...DEFAULT_DEADLINES, ...options.deadlines },
  });
}

const optionNames = [
  'logger',
  'clock',
  'retryTimeoutMs',
  'firstConnectTimeoutMs',
  'fetchMaxWaitMs',
  'deadlines',
] satisfies readonly (keyof OpenClientOptions)[];

function isKafkaClient(client: object): client is KafkaClient {
  return 'describeTopics' in client && 'source' in client && 'sink' in client;
}
