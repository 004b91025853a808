import { ErrorCodes } from '../kafka/wire/error-codes.ts';
import type { Clock } from '../kernel/clock.ts';
import { limitRepeats, type RepeatLimitedLogger } from '../kernel/limit-repeats.ts';
import { silentLogger, type LogFields, type Logger } from '../kernel/logger.ts';

/** What a request that is refused is about. */
export interface RefusedRequest extends LogFields {
  readonly topic?: string;
  readonly partition?: number;
  readonly groupId?: string;
  readonly transactionalId?: string;
  /** The reason, where the code alone does not say it. */
  readonly why?: string;
}

/** Clients are told these when nothing is wrong: they ask again, elsewhere or a little later. */
const routine: ReadonlySet<number> = new Set([
  ErrorCodes.LEADER_NOT_AVAILABLE,
  ErrorCodes.NOT_LEADER_OR_FOLLOWER,
  ErrorCodes.NOT_COORDINATOR,
  ErrorCodes.COORDINATOR_NOT_AVAILABLE,
  ErrorCodes.REBALANCE_IN_PROGRESS,
  ErrorCodes.CONCURRENT_TRANSACTIONS,
  ErrorCodes.MEMBER_ID_REQUIRED,
  ErrorCodes.FENCED_LEADER_EPOCH,
  ErrorCodes.UNKNOWN_LEADER_EPOCH,
]);

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(ErrorCodes).map(([name, code]) => [code, name]),
);

/**
 * What the log says of requests: those that are refused, and repeats of these only as a count, since
 * a client asks again many times a second.
 */
export class RequestLog {
  readonly #logger: RepeatLimitedLogger | undefined;

  constructor(logger: Logger, clock: Clock) {
    const fields = ['node', 'api', 'code', 'topic', 'groupId'];
    this.#logger = logger === silentLogger ? undefined : limitRepeats(logger, { clock, fields });
  }

  /** @param client who asked, and where */
  refused(code: number, about: RefusedRequest, client: LogFields): void {
    if (this.#logger === undefined) return;
    const fields = { ...client, code, error: errorName(code), ...about };
    if (routine.has(code)) this.#logger.debug('A request is refused for now', fields);
    else this.#logger.warn('A request is refused', fields);
  }

  /** Writes what was only counted so far. */
  close(): void {
    this.#logger?.close();
  }
}

/** Kafka's name of an error code; the code itself where it has none here. */
export function errorName(code: number): string {
  return names.get(code) ?? `code ${code}`;
}
