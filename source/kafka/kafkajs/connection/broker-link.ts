import { addressText } from '../../../kernel/address.ts';
import { ConnectionError, TimeoutError } from '../../../kernel/errors.ts';
import type { KasperError } from '../../../kernel/errors.ts';
import { sleep } from '../../../kernel/clock.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Logger } from '../../../kernel/logger.ts';
import { sharedAbort } from '../../../kernel/shared-abort.ts';
import type { KafkaObserver } from '../../client.ts';
import type { Deadlines } from './deadlines.ts';
import { dropConnection, hardenPool } from '../capture/harden.ts';
import type {
  KafkajsBroker,
  KafkajsCluster,
  KafkajsConnection,
  KafkajsConnectionPool,
  KafkajsDestination,
} from '../capture/internals.ts';
import { FETCH } from '../protocol/fetch.ts';
import type { CallLimit, CallWatch, WatchedCall } from './call-watch.ts';
import type { ConnectPauses } from './connect-pauses.ts';
import { checkApiVersions } from '../protocol/required-versions.ts';
import { logInByToken } from './oauth-login.ts';
import { sendRaw } from './raw-call.ts';
import type { RawAnswer, RawRequest } from './raw-call.ts';
import { SaslSession } from './sasl-session.ts';
import { wrapError } from './wrap-error.ts';

export interface BrokerLinkOptions {
  readonly cluster: KafkajsCluster;
  /** Undefined: the next address of the user's list. */
  readonly destination: KafkajsDestination | undefined;
  /** The user's limit for a TCP connection; it comes on top of the deadline of the first call. */
  readonly connectionTimeoutMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: KafkaObserver;
  readonly deadlines: Deadlines;
  readonly watch: CallWatch;
  readonly pauses: ConnectPauses;
  /** There was a link to this broker before. */
  readonly isAgain: boolean;
}

/** The address of a link before it is known which one of the user's list it has. */
export const NO_ADDRESS_YET = 'of the list';

/** Of the time for the handshake: what an OAuth provider may take to give a token. */
const TOKEN_SHARE = 4 / 5;

/**
 * The two connections to one broker: fetches on the second, everything else on the first, since a
 * broker serves one request per connection at a time and a fetch may wait there. Produce requests
 * have another link ({@link BrokerLinks}), of which only the first is opened.
 *
 * A link lives until the first connection error or missed deadline, then it is dropped as a whole
 * and never used again: all calls in flight are rejected and both sockets destroyed. A caller that
 * still wants the broker makes a new one.
 */
export class BrokerLink {
  readonly #options: BrokerLinkOptions;
  readonly #connecting: Promise<void>;
  readonly #calls = new Set<(error: KasperError) => void>();
  readonly #silentUntil = [0, 0];
  #pool: KafkajsConnectionPool | undefined;
  /** One for each connection of the pool. */
  #sessions: readonly SaslSession[] = [];
  #ready = false;
  #versions: KafkajsBroker['versions'] = null;
  #lost: KasperError | undefined;
  readonly #gone = sharedAbort();
  #dropped: Promise<void> | undefined;
  #fetchOpened = false;

  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    const limit = { ms: options.deadlines.handshakeMs };
    this.#connecting = this.#guard(limit, 'to connect', 0, () => this.#connect());
    // connected() reports the failure to all who ask; a link that nobody has asked yet must not
    // stop the process by it.
    this.#connecting.catch(() => undefined);
  }

  /** `host:port` as far as it is known. */
  get address(): string {
    const at = this.#pool ?? this.#options.destination;
    return at === undefined ? NO_ADDRESS_YET : addressText(at);
  }

  get host(): string | undefined {
    return (this.#pool ?? this.#options.destination)?.host;
  }

  get port(): number | undefined {
    return (this.#pool ?? this.#options.destination)?.port;
  }

  /** Connected, authenticated, and not found closed. */
  get usable(): boolean {
    return this.#ready && !this.dead;
  }

  /** Whether the broker serves a version of a request; to be asked once it is {@link connected}. */
  serves(apiKey: number, version: number): boolean {
    const range = this.#versions?.[apiKey];
    return range !== undefined && range.minVersion <= version && version <= range.maxVersion;
  }

  /** Dropped, or closed from the other side while no call was in flight. */
  get dead(): boolean {
    return this.#lost !== undefined || this.#deadConnection() !== undefined;
  }

  /**
   * Resolves once the broker has named its versions and authenticated us.
   * @throws ConnectionError, TimeoutError, ConfigError
   */
  connected(): Promise<void> {
    return this.#connecting;
  }

  /**
   * Sends a request and resolves with the parsed answer. On a usable link the request is on its way
   * when the call returns.
   *
   * @param limit past it the link is dropped
   * @throws ConnectionError, TimeoutError (both drop the link), RecordError for an answer that
   * cannot be read
   */
  call<Answer>(request: RawRequest<Answer>, limit: CallLimit): Promise<Answer> {
    const index = request.apiKey === FETCH ? 1 : 0;
    const { clock, observer } = this.#options;
    const began = clock.now();
    const send = (connection: KafkajsConnection) =>
      sendRaw(connection, request, limit.ms).then((answer) => {
        observer.onAnswer(request.apiName, clock.now() - began);
        return this.#taken(answer, index);
      });
    return this.#guard(limit, request.apiName, index, () => {
      const connection = this.#idleReady(index);
      return connection === undefined ? this.#prepare(index).then(send) : send(connection);
    });
  }

  /**
   * Rejects all calls with `reason` and destroys the sockets; resolves when they are closed.
   * Dropping twice does nothing.
   */
  drop(reason: KasperError): Promise<void> {
    this.#dropped ??= this.#drop(reason);
    return this.#dropped;
  }

  async #drop(reason: KasperError): Promise<void> {
    this.#lost = reason;
    this.#gone.abort(reason);
    for (const reject of this.#calls) reject(reason);
    this.#calls.clear();
    const connections = this.#pool?.pool ?? [];
    const { logger } = this.#options;
    await Promise.all(connections.map((connection) => dropConnection(connection, reason, logger)));
  }

  async #connect(): Promise<void> {
    const { cluster, destination, logger, clock, deadlines, pauses, observer, isAgain } = this.#options;
    const pool = await cluster.connectionPoolBuilder.build(destination);
    this.#pool = pool;
    if (this.#lost !== undefined) return;
    const { address } = this;
    const pausedBy = pauses.errorOf(address);
    if (pausedBy !== undefined) throw pausedBy;
    if (isAgain) observer.onReconnect();
    hardenPool(pool, logger, this.#options.watch);
    // Less than the login may take, so that the error names the provider.
    const tokenMs = deadlines.handshakeMs * TOKEN_SHARE;
    this.#sessions = pool.pool.map((connection) => {
      logInByToken(connection, { clock, tokenMs });
      return new SaslSession(connection, clock);
    });
    const broker = cluster.brokerPool.createBroker({ connectionPool: pool, logger: cluster.rootLogger });
    try {
      await broker.connect();
    } catch (thrown) {
      const error = wrapError(thrown, `Broker ${address} (to connect)`);
      // One that was dropped says nothing about the address.
      if (!this.#gone.signal.aborted) pauses.failed(address, error);
      throw error;
    }
    pauses.connected(address);
    checkApiVersions(broker.versions, address);
    this.#versions = broker.versions;
    this.#ready = true;
  }

  /** The connection if nothing has to be waited for. */
  #idleReady(index: number): KafkajsConnection | undefined {
    const connection = this.#pool?.pool[index];
    const ready =
      this.#ready &&
      connection?.isConnected() === true &&
      this.#sessions[index]?.open === true &&
      this.#options.clock.now() >= (this.#silentUntil[index] ?? 0);
    return ready ? connection : undefined;
  }

  async #prepare(index: number): Promise<KafkajsConnection> {
    const { clock } = this.#options;
    await this.#connecting;
    const silentMs = (this.#silentUntil[index] ?? 0) - clock.now();
    if (silentMs > 0) await sleep(clock, silentMs, this.#gone.signal);
    const dead = this.#deadConnection();
    const connection = this.#pool?.pool[index];
    if (dead !== undefined || connection === undefined)
      throw new ConnectionError(`Broker ${this.address} closed the connection`, { retriable: true });
    if (!connection.isConnected()) {
      await connection.connect();
      this.#fetchOpened = true;
    }
    while (this.#sessions[index]?.open === false) await this.#sessions[index].renew(this.#gone.signal);
    return connection;
  }

  /** A connection that was open and no longer is; kafkajs would open it again without a word. */
  #deadConnection(): KafkajsConnection | undefined {
    const [first, second] = this.#pool?.pool ?? [];
    if (this.#ready && first?.isConnected() === false) return first;
    return this.#fetchOpened && second?.isConnected() === false ? second : undefined;
  }

  /**
   * Quotas: the broker says for how long it will not read from this connection; until then nothing
   * is sent on it.
   */
  #taken<Answer>(answer: RawAnswer<Answer>, index: number): Answer {
    if (answer.throttleMs > 0) {
      this.#silentUntil[index] = this.#options.clock.now() + answer.throttleMs;
      this.#options.logger.debug('A quota holds requests back', {
        broker: this.address,
        ms: answer.throttleMs,
      });
    }
    return answer.value;
  }

  /** Runs work with a limit; when it is passed, or the connection fails, the link is dropped. */
  #guard<T>(limit: CallLimit, what: string, index: number, work: () => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const { clock, observer, watch } = this.#options;
    const began = clock.now();
    return new Promise<T>((resolve, reject) => {
      const graceMs = this.#grace();
      const call: WatchedCall = {
        limit: graceMs === 0 ? limit : { ...limit, ms: limit.ms + graceMs },
        what: () => `broker ${this.address} (${what})`,
        socket: () => this.#pool?.pool[index]?.socket,
        passed: (ms) => {
          void this.drop(
            new TimeoutError(`Broker ${this.address} did not answer (${what}) within ${ms - graceMs} ms`, {
              retriable: true,
            }),
          );
        },
      };
      watch.begin(call);
      const end = () => {
        watch.end(call);
        this.#calls.delete(fail);
      };
      const fail = (error: KasperError) => {
        end();
        if (error.retriable && error.code !== 'BROKER') observer.onUnanswered(began, error);
        reject(error);
      };
      this.#calls.add(fail);
      work().then(
        (value) => {
          end();
          resolve(value);
        },
        (thrown: unknown) => {
          const error = wrapError(thrown, `Broker ${this.address} (${what})`);
          fail(error);
          if (error.code !== 'RECORD') void this.drop(error);
        },
      );
    });
  }

  /**
   * What the limit does not count: the time of a TCP connect, and silence that a quota asks for.
   */
  #grace(): number {
    if (!this.#ready) return this.#options.connectionTimeoutMs;
    const now = this.#options.clock.now();
    return Math.max(0, ...this.#silentUntil.map((until) => until - now));
  }
}
