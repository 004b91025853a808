import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { ConfigError } from '../../../kernel/errors.ts';

/**
 * The private members of kafkajs that this folder relies on, and nothing else of them.
 *
 * kafkajs is frozen upstream and pinned exactly, so leaning on its inside is low risk as long as
 * each member is named here and looked for at start: a user may hand us a `Kafka` of another
 * version.
 */
export interface KafkajsCluster {
  readonly rootLogger: KafkajsLogger;
  readonly connectionPoolBuilder: {
    /**
     * Makes a pool without connecting it: of this address, or of the next one in the user's list.
     */
    build(destination?: KafkajsDestination): Promise<KafkajsConnectionPool>;
  };
  readonly brokerPool: {
    createBroker(options: KafkajsBrokerOptions): KafkajsBroker;
  };
}

export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger;
}

export interface KafkajsDestination {
  readonly host: string;
  readonly port: number;
}

export interface KafkajsBrokerOptions {
  readonly connectionPool: KafkajsConnectionPool;
  readonly logger: KafkajsLogger;
}

/** Connects connection 0, asks for the API versions and authenticates. */
export interface KafkajsBroker {
  /** By API key; null until connected. */
  versions: Readonly<Record<number, ApiVersionRange | undefined>> | null;
  connect(): Promise<void>;
}

export interface ApiVersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface KafkajsConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly connectionTimeout: number;
  readonly pool: readonly KafkajsConnection[];
}

export interface KafkajsConnection {
  readonly clientId: string;
  /** Null or undefined without SASL. */
  sasl: object | null | undefined;
  /** Milliseconds; the user's, or kafkajs's default. */
  readonly reauthenticationThreshold: number;
  /** Milliseconds, a number of 64 bits of kafkajs's own; 0: without end. */
  readonly sessionLifetime: { toString(): string };
  readonly requestTimeout: number;
  /** Milliseconds for a connection to come about. */
  connectionTimeout: number;
  readonly requestQueue: KafkajsRequestQueue;
  /** Set while a SASL exchange waits for its answer. */
  readonly authHandlers: object | null;
  /** The receive buffer: set in the constructor only, which is why it survives a reconnect. */
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  /** Undefined before the first connect. */
  socket?: Socket;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  nextCorrelationId(): number;
  processData(data: Buffer): void;
}

/** What an authentication provider is given. */
export interface KafkajsSaslArgs {
  readonly host: string;
  readonly port: number;
  /** Sends a message of the mechanism (SaslAuthenticate) and resolves with the parsed answer. */
  readonly saslAuthenticate: (message: KafkajsSaslMessage) => Promise<string>;
}

/** Bytes behind their length of 32 bits, in both directions. */
export interface KafkajsSaslMessage {
  readonly request: { encode(): Buffer };
  readonly response: { decode(answer: Buffer): string; parse(answer: string): string };
}

export interface KafkajsRequestQueue {
  readonly pending: readonly unknown[];
  push(request: KafkajsQueuedRequest): void;
  fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void;
  rejectAll(error: Error): void;
  waitForPendingRequests(): Promise<void>;
  scheduleCheckPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
}

export interface KafkajsQueuedRequest {
  readonly entry: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    readonly correlationId: number;
    readonly resolve: (response: { payload: Buffer }) => void;
    readonly reject: (error: unknown) => void;
  };
  readonly expectResponse: boolean;
  /** Milliseconds; not looked at, since the look-out for late requests is turned off. */
  readonly requestTimeout: number;
  readonly sendRequest: () => void;
}

type Kind = 'function' | 'object' | 'number' | 'string' | 'array' | 'present';

/** Each member that must be there, in the order of the objects it hangs on. */
export const INTERNALS = [
  ['Cluster', 'rootLogger', 'object'],
  ['Cluster', 'connectionPoolBuilder', 'object'],
  ['Cluster', 'brokerPool', 'object'],
  ['ConnectionPoolBuilder', 'build', 'function'],
  ['BrokerPool', 'createBroker', 'function'],
  ['Broker', 'versions', 'present'],
  ['Broker', 'connect', 'function'],
  ['ConnectionPool', 'host', 'string'],
  ['ConnectionPool', 'port', 'number'],
  ['ConnectionPool', 'connectionTimeout', 'number'],
  ['ConnectionPool', 'pool', 'array'],
  ['Connection', 'clientId', 'string'],
  ['Connection', 'sasl', 'present'],
  ['Connection', 'reauthenticationThreshold', 'number'],
  ['Connection', 'sessionLifetime', 'object'],
  ['Connection', 'requestTimeout', 'number'],
  ['Connection', 'connectionTimeout', 'number'],
  ['Connection', 'requestQueue', 'object'],
  ['Connection', 'authHandlers', 'present'],
  ['Connection', 'chunks', 'array'],
  ['Connection', 'bytesBuffered', 'number'],
  ['Connection', 'bytesNeeded', 'number'],
  ['Connection', 'connect', 'function'],
  ['Connection', 'disconnect', 'function'],
  ['Connection', 'isConnected', 'function'],
  ['Connection', 'isAuthenticated', 'function'],
  ['Connection', 'authenticate', 'function'],
  ['Connection', 'nextCorrelationId', 'function'],
  ['Connection', 'processData', 'function'],
  ['RequestQueue', 'pending', 'array'],
  ['RequestQueue', 'push', 'function'],
  ['RequestQueue', 'fulfillRequest', 'function'],
  ['RequestQueue', 'rejectAll', 'function'],
  ['RequestQueue', 'waitForPendingRequests', 'function'],
  ['RequestQueue', 'scheduleCheckPendingRequests', 'function'],
  ['RequestQueue', 'scheduleRequestTimeoutCheck', 'function'],
] as const satisfies readonly (readonly [owner: string, member: string, kind: Kind])[];

/** The classes of kafkajs that {@link INTERNALS} speaks of. */
export type InternalOwner = (typeof INTERNALS)[number][0];

/** The version whose inside this folder was written for. */
export const EXPECTED_KAFKAJS_VERSION = '2.2.4';

/** The version of the kafkajs that this package itself loads. */
export function installedKafkajsVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('kafkajs/package.json');
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

/**
 * A kafkajs cluster whose members are all there, and the user's settings that matter to us, in
 * milliseconds.
 */
export interface CheckedCluster {
  readonly cluster: KafkajsCluster;
  readonly connectionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/**
 * Looks for every member of {@link INTERNALS}, without connecting anything.
 *
 * @param foundVersion the version of the kafkajs that made the cluster, for the message
 * @throws ConfigError that names each missing member and both versions
 */
export async function checkInternals(cluster: unknown, foundVersion: string): Promise<CheckedCluster> {
  const found: Partial<Record<InternalOwner, unknown>> = { Cluster: cluster };
  const missing = (owner: InternalOwner) =>
    missingMembers(owner, found[owner]).map(
      (member) =>
        `${member} of kafkajs is not what this library needs: version ${EXPECTED_KAFKAJS_VERSION} is expected, ` +
        `${foundVersion} was found; install kafkajs@${EXPECTED_KAFKAJS_VERSION}, or pass plain options`,
    );
  const fail = (problems: readonly string[]) => {
    if (problems.length > 0) throw new ConfigError(problems, { what: 'kafkajs' });
  };

  fail(missing('Cluster'));
  const checked = cluster as KafkajsCluster;
  found.ConnectionPoolBuilder = checked.connectionPoolBuilder;
  found.BrokerPool = checked.brokerPool;
  fail([...missing('ConnectionPoolBuilder'), ...missing('BrokerPool')]);

  // An address is given, so that the user's list of brokers (it may be a function) is not asked
  // yet. Nothing is connected.
  const pool = await checked.connectionPoolBuilder.build({ host: 'localhost', port: 9092 });
  found.ConnectionPool = pool;
  fail(missing('ConnectionPool'));
  found.Broker = checked.brokerPool.createBroker({ connectionPool: pool, logger: checked.rootLogger });
  const [, fetchConnection] = pool.pool;
  found.Connection = fetchConnection;
  fail([...missing('Broker'), ...missing('Connection')]);
  found.RequestQueue = fetchConnection?.requestQueue;
  fail(missing('RequestQueue'));
  return {
    cluster: checked,
    connectionTimeoutMs: pool.connectionTimeout,
    requestTimeoutMs: fetchConnection?.requestTimeout ?? 0,
  };
}

function missingMembers(owner: InternalOwner, value: unknown): string[] {
  const expected = INTERNALS.filter(([name]) => name === owner);
  if (typeof value !== 'object' || value === null) return [owner];
  return expected
    .filter(([, member, kind]) => !fits(Reflect.get(value, member), kind, member in value))
    .map(([, member]) => `${owner}.${member}`);
}

function fits(value: unknown, kind: Kind, present: boolean): boolean {
  if (kind === 'present') return present;
  if (kind === 'array') return Array.isArray(value);
  if (kind === 'object') return typeof value === 'object' && value !== null;
  return typeof value === kind;
}
