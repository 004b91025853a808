import { addressText } from '../../../kernel/address.ts';
import { afterTurning } from '../../../kernel/after-turning.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { ConnectionError, KasperError, TimeoutError } from '../../../kernel/errors.ts';
import { foreignError } from '../capture/foreign-protocol.ts';
import type { SeedAddress } from '../capture/seed-addresses.ts';
import type { Logger } from '../../../kernel/logger.ts';
import { someOf } from '../../../kernel/some-of.ts';
import { probe, type Finding } from './probe.ts';
import { retryLoop, type RetryContext } from './retry-loop.ts';

/** A broker that is at work has answered by then: time in which the event loop turns. */
const LOOK_AFTER_MS = 600;
/** How long it may take to find out who is at the addresses; the warning comes within a second. */
const PROBE_MS = 300;

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
    const { timeoutMs, addresses, whyNone, onForeign } = this.#options;
    const began = clock.now();
    const { signal } = this.#ending;
    await turned(clock, LOOK_AFTER_MS, signal);
    const found = signal.aborted ? [] : await lookAtAll(addresses());
    if (isAborted(signal)) return;
    const foreign = found.filter(({ isForeign }) => isForeign);
    if (found.length > 0 && foreign.length === found.length)
      throw foreignError(`No Kafka was found: ${textOf(found)}`);
    for (const { address, text } of foreign) onForeign(address, foreignError(`Broker ${address}: ${text}`));
    const leftMs = Math.max(0, timeoutMs - (clock.now() - began));
    this.hasWarned = true;
    logger.warn(`No broker could be reached yet; gives up in ${Math.round(leftMs / 1000)} s`, {
      brokers: found.length > 0 ? textOf(found) : (whyNone()?.message ?? 'no address is known yet'),
    });
  }
}

/** Resolves after `ms` in which the event loop turned, or when the signal is aborted. */
function turned(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = afterTurning(clock, ms, resolve);
    const end = () => {
      timer.cancel();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
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
  /** Why no address is known, if asking for them has failed. */
  readonly whyNone: () => KasperError | undefined;
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
        return { address, text: seed.error?.message ?? 'it has not answered yet', isForeign: false };
      const hasFailed = seed.error !== undefined;
      const found = await probe(seed, { withTls: seed.sockets === 'tls', hasFailed, timeoutMs: PROBE_MS });
      return { address, ...found };
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
