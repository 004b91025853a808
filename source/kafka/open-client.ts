import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { systemClock } from '../kernel/clock.ts';
import type { Clock } from '../kernel/clock.ts';
import { ConfigError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { KafkaClient } from './client.ts';
import { DEFAULT_DEADLINES, DEFAULT_RETRY_TIMEOUT_MS } from './kafkajs/deadlines.ts';
import type { Deadlines } from './kafkajs/deadlines.ts';
import { KafkajsClient } from './kafkajs/kafkajs-client.ts';

export { kafkaLogCreator } from './kafkajs/kafkajs-log.ts';
export type { KafkajsLogEntry } from './kafkajs/kafkajs-log.ts';

/** A `Kafka` instance of kafkajs, by its shape: made by the user's own copy of kafkajs, of the same version as ours. */
export interface KafkaLike {
  // Method syntax, so that kafkajs's Kafka fits although its parameters are narrower.
  consumer(config: object): unknown;
  producer(config?: object): unknown;
  admin(config?: object): unknown;
}

/** How to authenticate (SASL): the mechanisms of kafkajs, or one of your own. */
export type SaslOptions =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'aws';
      readonly authorizationIdentity: string;
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      readonly oauthBearerProvider: () => Promise<{ value: string }>;
    }
  | {
      readonly mechanism: string;
      /** As kafkajs documents it: gets `host`, `port`, `logger` and `saslAuthenticate`. */
      readonly authenticationProvider: (args: SaslProviderArgs) => { authenticate(): Promise<void> };
    };

/** What kafkajs passes to an authentication provider. */
export interface SaslProviderArgs {
  readonly host: string;
  readonly port: number;
  readonly logger: object;
  readonly saslAuthenticate: (args: never) => Promise<unknown>;
}

/** Where and how to reach Kafka: the options of kafkajs's `Kafka`. */
export interface KafkaOptions {
  /** Addresses as `host:port`, or a function that tells them. One that can be reached is enough. */
  readonly brokers: string[] | (() => string[] | Promise<string[]>);
  /** Shown in the broker's logs and quotas. Default 'kafkajs'. */
  readonly clientId?: string;
  /** TLS; true for the authorities that Node trusts. Default: none. */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SaslOptions;
  /** Milliseconds for a TCP (and TLS) connection to come about. Default 1000. */
  readonly connectionTimeout?: number;
  /** Milliseconds for the SASL exchange. Default 10000. */
  readonly authenticationTimeout?: number;
  /** Milliseconds before the end of a SASL session at which it is renewed. Default 10000. */
  readonly reauthenticationThreshold?: number;
  /** Milliseconds for an answer. Default 30000; less than 8000 is a ConfigError, since every request has a shorter limit of its own. */
  readonly requestTimeout?: number;
  /** Makes the sockets, for proxies. */
  readonly socketFactory?: (args: {
    host: string;
    port: number;
    ssl: ConnectionOptions;
    onConnect: () => void;
  }) => Socket;
}

/** What a user may give as `client`. */
export type ClientInit = KafkaLike | KafkaOptions | KafkaClient;

export interface OpenClientOptions {
  readonly logger: Logger;
  /** Default: the clock of this machine. */
  readonly clock?: Clock;
  /** For how long retriable failures of one call are ridden out, in milliseconds. Default 120000. */
  readonly retryTimeoutMs?: number;
  /** For how long the broker may hold a fetch, in milliseconds: the user's requestTimeout must leave room for it. Default 250. */
  readonly fetchMaxWaitMs?: number;
  /** Limits of single requests; for specs and for very slow networks. */
  readonly deadlines?: Partial<Deadlines>;
}

/**
 * Turns what a user gives as `client` into the port to Kafka. Nothing is connected before `connect()`.
 *
 * @param client a `Kafka` of kafkajs, its options, or a KafkaClient, which is passed through
 * @throws ConfigError for anything else
 */
export function openClient(client: ClientInit, options: OpenClientOptions): KafkaClient {
  if (isKafkaClient(client)) return client;
  if (!('brokers' in client) && !('consumer' in client)) {
    throw new ConfigError(
      ['client: give a Kafka instance of kafkajs, or options such as { brokers: [...] }'],
      {
        what: 'Kafka client',
      },
    );
  }
  return new KafkajsClient(client, {
    logger: options.logger,
    clock: options.clock ?? systemClock,
    fetchMaxWaitMs: options.fetchMaxWaitMs ?? 250,
    retryTimeoutMs: options.retryTimeoutMs ?? DEFAULT_RETRY_TIMEOUT_MS,
    deadlines: { ...DEFAULT_DEADLINES, ...options.deadlines },
  });
}

function isKafkaClient(client: object): client is KafkaClient {
  return 'describeTopics' in client && 'source' in client && 'sink' in client;
}
