import type { Trouble, TroubleReports } from '../kafka/trouble.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { KasperError } from '../kernel/errors.ts';
import { hideSecrets } from '../kernel/secrets.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Degraded } from '../stats.ts';

/** What lasts less long is an ordinary retry, such as the election of a leader. */
const DEGRADED_AFTER_MS = 5_000;
/**
 * Where something has failed for that long and nothing at all was answered for this long, it is not
 * that alone: a request that failed may have begun before the last answer to another one.
 */
const SILENT_AFTER_MS = 2_000;
/** How often it is looked at while something fails. */
const LOOK_EVERY_MS = 1_000;
/** This many things that fail are named. */
const NAMED = 5;
const LONGEST_ERROR = 500;

/**
 * Whether a run is degraded: brokers do not answer, or something has been tried again for some time
 * now. Logs one warning when that begins and one when it is over.
 */
export class Degradation implements TroubleReports {
  readonly #options: DegradationOptions;
  readonly #troubles = new Set<Trouble>();
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** Since the last answer: the first call that got none. */
  #unanswered: { readonly began: number; error: KasperError } | undefined;
  #timer: Timer | undefined;
  #isStarted = false;
  /** Since when, on the monotonic clock, it is degraded, where that was logged. */
  #warnedSince: number | undefined;

  constructor(options: DegradationOptions) {
    this.#options = options;
  }

  /** From now on warnings are logged. */
  start(): void {
    this.#isStarted = true;
    this.#look();
  }

  end(): void {
    this.#isStarted = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  onAnswer(): void {
    this.#answeredAt = this.#options.clock.now();
    this.#unanswered = undefined;
  }

  onUnanswered(began: number, error: KasperError): void {
    if (this.#unanswered === undefined) this.#unanswered = { began, error };
    else this.#unanswered.error = error;
    this.#lookLater();
  }

  onTrouble(trouble: Trouble): void {
    this.#troubles.add(trouble);
    this.#lookLater();
  }

  onTroubleOver(trouble: Trouble): void {
    this.#troubles.delete(trouble);
  }

  /** What is wrong now; null while nothing is, or for no longer than an ordinary retry takes. */
  get now(): Degraded | null {
    const { clock } = this.#options;
    const now = clock.now();
    const silentSince = this.#silentSince;
    const old = [...this.#troubles].filter(({ since }) => now - since >= DEGRADED_AFTER_MS);
    const silentAfterMs = old.length > 0 ? SILENT_AFTER_MS : DEGRADED_AFTER_MS;
    const isSilent = silentSince !== undefined && now - silentSince >= silentAfterMs;
    if (!isSilent && old.length === 0) return null;
    const since = Math.min(isSilent ? silentSince : Infinity, ...old.map((trouble) => trouble.since));
    const givesUpAt = Math.min(...[...this.#troubles].map((trouble) => this.#endsRunAt(trouble)));
    const toWall = clock.wallNow() - now;
    return {
      since: Math.round(since + toWall),
      givesUpAt: givesUpAt === Infinity ? null : Math.round(givesUpAt + toWall),
      problems: isSilent ? [this.#silence(now - silentSince, givesUpAt - now)] : this.#sentences(old, now),
    };
  }

  get #silentSince(): number | undefined {
    return this.#unanswered && Math.max(this.#unanswered.began, this.#answeredAt);
  }

  #silence(silentMs: number, leftMs: number): string {
    const error = this.#unanswered === undefined ? '' : ` (${short(this.#unanswered.error)})`;
    return `Kafka cannot be reached for ${seconds(silentMs)}${givesUp(leftMs)}${error}`;
  }

  #sentences(troubles: readonly Trouble[], now: number): string[] {
    const sentences = troubles
      .toSorted((a, b) => a.since - b.since)
      .slice(0, NAMED)
      .map((trouble) => {
        const left = givesUp(this.#endsRunAt(trouble) - now);
        return `${trouble.what} has failed for ${seconds(now - trouble.since)}${left} (${short(trouble.error)})`;
      });
    const more = troubles.length - sentences.length;
    return more > 0 ? [...sentences, `${more} more requests fail as well`] : sentences;
  }

  /** While it starts, nothing may be given up. */
  #endsRunAt({ kind, givesUpAt }: Trouble): number {
    return kind === 'ask' && !this.#options.isStarting() ? Infinity : givesUpAt;
  }

  #lookLater(): void {
    if (!this.#isStarted || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#timer = undefined;
      this.#look();
    });
    this.#timer.unref?.();
  }

  #look(): void {
    const { clock, logger } = this.#options;
    const degraded = this.now;
    // The client itself says that it cannot connect yet.
    const isSaid = [...this.#troubles].some(({ kind }) => kind === 'connect');
    if (degraded !== null && this.#warnedSince === undefined && !isSaid) {
      const [first = '', ...others] = degraded.problems;
      logger.warn(`Degraded: ${first}`, others.length === 0 ? {} : { others });
      this.#warnedSince = clock.now() - (clock.wallNow() - degraded.since);
    }
    if (degraded === null && this.#warnedSince !== undefined) {
      logger.warn(`No longer degraded, after ${seconds(clock.now() - this.#warnedSince)}`);
      this.#warnedSince = undefined;
    }
    const isWatched = this.#troubles.size > 0 || this.#unanswered !== undefined;
    if (isWatched || this.#warnedSince !== undefined) this.#lookLater();
  }
}

export interface DegradationOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the run has not begun to read yet. */
  readonly isStarting: () => boolean;
}

function givesUp(leftMs: number): string {
  return leftMs === Infinity ? '' : `; gives up in ${seconds(Math.max(0, leftMs))}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function short(error: KasperError): string {
  const text = hideSecrets(error.message);
  return text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR)}…` : text;
}
