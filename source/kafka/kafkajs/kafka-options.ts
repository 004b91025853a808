import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

/**
 * A `Kafka` instance of kafkajs, by its shape: made by the user's own copy of kafkajs, of the same
 * version as ours.
 */
export interface KafkaLike {
  // Method syntax, so that kafkajs's Kafka fits although its parameters are narrower.
  /** As kafkajs's; used to reach its cluster, never run. */
  consumer(config: object): unknown;
  /** As kafkajs's; distinguishes a Kafka from its options. */
  producer(config?: object): unknown;
  /** As kafkajs's; distinguishes a Kafka from its options. */
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
      /**
       * Gives the token; called at each login and each renewal of a session. It may keep a token
       * until that expires. It is asked again where it rejects, or gives one that has expired.
       */
      readonly oauthBearerProvider: () => Promise<{ value: string }>;
    }
  | {
      readonly mechanism: string;
      /** As kafkajs documents it: gets `host`, `port`, `logger` and `saslAuthenticate`. */
      authenticationProvider(args: SaslProviderArgs): SaslAuthenticator;
    };

/** What an authentication provider gives. */
export interface SaslAuthenticator {
  /** Resolves when the broker has let the connection in. */
  authenticate(): Promise<void>;
}

/** What kafkajs passes to an authentication provider. */
export interface SaslProviderArgs {
  readonly host: string;
  readonly port: number;
  readonly logger: object;
  /** Sends a SASL message and resolves with the answer. */
  readonly saslAuthenticate: (args: never) => Promise<unknown>;
}

/** Where and how to reach Kafka: the options of kafkajs's `Kafka`. */
export interface KafkaOptions {
  /**
   * Addresses as `host:port` (`[::1]:9092` for IPv6), or a function that returns them. One that can be reached is enough.
   */
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
  /**
   * Milliseconds before the end of a SASL session at which it is renewed, at most a quarter of its
   * length. Default 10000.
   */
  readonly reauthenticationThreshold?: number;
  /**
   * Milliseconds for an answer. Default 30000; less than 8000 is a ConfigError, since every request
   * has a shorter limit of its own.
   */
  readonly requestTimeout?: number;
  /** Makes the sockets, for proxies. */
  readonly socketFactory?: (args: {
    host: string;
    port: number;
    ssl: ConnectionOptions;
    onConnect: () => void;
  }) => Socket;
}

/** Whether this is a Kafka instance, and not its options. */
export function isKafkaLike(client: KafkaLike | KafkaOptions): client is KafkaLike {
  return 'consumer' in client && typeof client.consumer === 'function';
}
