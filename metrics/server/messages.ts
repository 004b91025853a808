import type { Exposition } from '../exposition.ts';
import type { HealthReport } from '../monitor.ts';

/** The health of all processors together. */
export interface JointHealth extends HealthReport {
  /** The problems that make it unhealthy or degraded. */
  readonly unhealthy: readonly string[];
  /** The problems for which it is not ready. */
  readonly unready: readonly string[];
}

/**
 * What is reported about the processors: their ProcessorStats as JSON, so that the server's thread
 * only passes them on.
 */
export interface StatsAnswer {
  readonly health: JointHealth;
  /** A JSON array. */
  readonly processors: string;
}

/** What the server's thread asks the main thread for, and the answers. */
export interface Answers {
  readonly health: JointHealth;
  readonly stats: StatsAnswer;
  /** Null: there are no metrics to scrape. */
  readonly text: Exposition | null;
  readonly openmetrics: Exposition | null;
}

export type Question = keyof Answers;

/** From the server's thread. */
export type FromServer =
  | { readonly kind: 'listening'; readonly address: string; readonly port: number }
  /** It cannot listen. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** A connection could not be accepted; the server continues. */
  | { readonly kind: 'trouble'; readonly message: string }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question };

/** The id of an answer that was not requested. */
export const UNASKED = -1;

/** To the server's thread. */
export type ToServer =
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly question: Question;
      readonly answer: Answers[Question];
    }
  /** The answer could not be made. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'close' };

/** What the server's thread is started with. */
export interface ServerData {
  readonly port: number;
  readonly host: string;
  readonly blockedAfterMs: number;
  readonly allowedHosts: readonly string[];
  /** Where the main thread beats: see {@link Beats}. */
  readonly beats: SharedArrayBuffer;
}
