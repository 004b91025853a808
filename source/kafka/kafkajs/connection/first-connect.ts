import { sleep } from '../../../kernel/clock.ts';
import { addressText } from '../../../kernel/address.ts';
import { ConnectionError, KasperError, TimeoutError } from '../../../kernel/errors.ts';
import { foreignError } from '../capture/foreign-protocol.ts';
import type { SeedAddress } from '../capture/seed-addresses.ts';
import type { Logger } from '../../../kernel/logger.ts';
import { someOf } from '../../../kernel/some-of.ts';
import { probe, type Finding } from './probe.ts';
import { retryLoop, type RetryContext } from './retry-loop.ts';

/** A broker that listens has answered by then. */
const LOOK_AFTER_MS = 600;
/** How long it may take to find out who is at the addresses; the warning comes within a second. */
const PROBE_MS = 300;
/** How much later a warning comes where all addresses accept connections, and none has answered. */
const SLOW_MS = 2_000;

/**
 * Finds a first broker. Where none has answered soon, it looks who is at each address, and either
 * logs one warning that says so, or, where no Kafka can be at any, gives up.
 *
 * @throws ConnectionError, TimeoutError, ConfigError
 */
export async function connectFirst(cluster: ConnectingCluster, options: FirstConnectOptions): Promise<void> {
  const { timeoutMs, signal } = options;
  const { clock, logger } = cluster;
  const began = clock.now();
  const look = new FirstLook(cluster, options);
  try {
    await retryLoop(cluster, { timeoutMs, what: 'Connecting to Kafka', kind: 'connect', signal }, () =>
      Promise.race([cluster.refresh([]), look.givenUp]),
    );
    if (look.hasWarned) logger.info('Kafka is reached', { afterMs: Math.round(clock.now() - began) });
  } catch (error) {
    // The last error alone would name one of the addresses.
    if (
      KasperError.is(error) &&
      error.retriable &&
      options.addresses().some((seed) => seed.error !== undefined)
    )
      throw notWithin(timeoutMs, options.addresses());
    throw error;
  } finally {
    look.end();
  }
}

/** Looks once who is at the addresses, unless it is ended before. */
class FirstLook {
  readonly #cluster: ConnectingCluster;
  readonly #options: FirstConnectOptions;
  readonly #ending = new AbortController();
  /** Rejects when no Kafka can be at any address. */
  readonly givenUp: Promise<never>;
  hasWarned = false;

  constructor(cluster: ConnectingCluster, options: FirstConnectOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.givenUp = new Promise((_resolve, reject) => {
      this.#look().catch(reject);
    });
    // It may come when nobody waits any more.
    this.givenUp.catch(() => undefined);
  }

  end(): void {
    this.#ending.abort();
  }

  async #look(): Promise<void> {
    const { clock, logger } = this.#cluster;
    const { timeoutMs, addresses, onForeign } = this.#options;
    const began = clock.now();
    const { signal } = this.#ending;
    await sleep(clock, LOOK_AFTER_MS, signal).catch(() => undefined);
    const found = signal.aborted ? [] : await lookAtAll(addresses());
    if (isAborted(signal) || found.length === 0) return;
    const foreign = found.filter(({ kind }) => kind === 'foreign');
    if (foreign.length === found.length) throw foreignError(`No Kafka was found: ${textOf(found)}`);
    for (const { address, text } of foreign) onForeign(address, foreignError(`Broker ${address}: ${text}`));
    // A broker that has just been started, or a machine that is busy, is no reason for alarm yet.
    if (found.every(({ kind }) => kind === 'silent'))
      await sleep(clock, SLOW_MS, signal).catch(() => undefined);
    if (isAborted(signal)) return;
    const leftMs = Math.max(0, timeoutMs - (clock.now() - began));
    this.hasWarned = true;
    logger.warn(`No broker could be reached yet; gives up in ${Math.round(leftMs / 1000)} s`, {
      brokers: textOf(found),
    });
  }
}

/** Read anew: it may have changed since the last look at it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** A cluster that has no broker yet. */
export interface ConnectingCluster extends RetryContext {
  readonly logger: Logger;
  refresh(topics: readonly string[]): Promise<void>;
}

/** What the first connection needs to know. */
export interface FirstConnectOptions {
  readonly timeoutMs: number;
  /** The user's addresses as far as they are known, with the last error of each. */
  readonly addresses: () => readonly SeedAddress[];
  /** No Kafka is there: whoever waits for an answer waits in vain. */
  readonly onForeign: (address: string, error: KasperError) => void;
  /** Aborted when the client is closed. */
  readonly signal: AbortSignal;
}

interface Found extends Finding {
  readonly address: string;
}

async function lookAtAll(addresses: readonly SeedAddress[]): Promise<Found[]> {
  return Promise.all(
    addresses.map(async (seed) => {
      const address = addressText(seed);
      if (seed.sockets === 'own')
        return { address, text: seed.error?.message ?? 'it has not answered', kind: 'failed' };
      return { address, ...(await probe(seed, seed.sockets === 'tls', PROBE_MS)) };
    }),
  );
}

function textOf(found: readonly Found[]): string {
  return someOf(found.map(({ address, text }) => `${address}: ${text}`)).join('; ');
}

/** The error after the time limit: names each address. */
function notWithin(timeoutMs: number, addresses: readonly SeedAddress[]): KasperError {
  const errors = addresses.flatMap(({ error }) => (error === undefined ? [] : [error]));
  const said = addresses.map((seed) => seed.error?.message ?? `${addressText(seed)} does not answer`);
  const text = `No broker could be reached within firstConnectTimeoutMs (${timeoutMs} ms): ${someOf(said).join('; ')}`;
  const [cause] = errors;
  return cause === undefined || errors.every(({ code }) => code === 'TIMEOUT')
    ? new TimeoutError(text, { cause, retriable: true })
    : new ConnectionError(text, { cause, retriable: true });
}
