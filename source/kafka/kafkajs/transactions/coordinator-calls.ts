import { ErrorCodes } from '../../wire/error-codes.ts';
import type { BackoffOptions } from '../../../kernel/backoff.ts';
import { BrokerError, ConfigError, type KasperError } from '../../../kernel/errors.ts';
import type { TransactionFailure } from '../../transactions.ts';
import type { ClusterConnection } from '../connection/cluster-connection.ts';
import { askCoordinator, judgeCode, type Coordinator } from '../connection/coordinator.ts';
import type { RawRequest } from '../connection/raw-call.ts';
import { retryLoop } from '../connection/retry-loop.ts';
import { wrapError } from '../connection/wrap-error.ts';
import { answeredFailure } from './transaction-codes.ts';

/** A transaction that is ending has ended after some milliseconds. */
export const ENDING_BACKOFF: BackoffOptions = Object.freeze({ initialMs: 3, maxMs: 500 });

/** A request of a transaction, sent again only where the answer says that nothing was done. */
export interface TransactionCall<Answer> {
  readonly to: Coordinator;
  readonly what: string;
  readonly request: RawRequest<Answer>;
  /** The code of the answer that decides, 0 if all was done. */
  readonly codeOf: (answer: Answer) => number;
  /** Called before it is sent again after this code. */
  readonly beforeRepeat?: (code: number) => Promise<void>;
  readonly timeoutMs: number;
}

/** Requests to the coordinators of a transactional id and of a group. */
export class CoordinatorCalls {
  readonly #connected: () => ClusterConnection;
  readonly #signal: AbortSignal;

  constructor(connected: () => ClusterConnection, signal: AbortSignal) {
    this.#connected = connected;
    this.#signal = signal;
  }

  get cluster(): ClusterConnection {
    return this.#connected();
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /**
   * One request, and its answer.
   *
   * @throws KasperError where there is none: it may have been done all the same
   */
  once<Answer>(coordinator: Coordinator, request: RawRequest<Answer>): Promise<Answer> {
    return askCoordinator(this.cluster, coordinator, request, {
      admit: (link, nodeId) => {
        if (!link.serves(request.apiKey, request.apiVersion)) throw notServed(request, nodeId);
      },
    });
  }

  /** @throws BrokerError for a code other than 0 */
  judge(coordinator: Coordinator, code: number, what: string): void {
    judgeCode(this.cluster, coordinator, code, what);
  }

  /** Never rejects. */
  async call<Answer>(call: TransactionCall<Answer>): Promise<TransactionFailure | undefined> {
    const { to, what, request, codeOf, beforeRepeat, timeoutMs } = call;
    try {
      let before: number = ErrorCodes.NONE;
      return await retryLoop(
        this.cluster,
        { timeoutMs, what, kind: 'send', signal: this.#signal, backoff: ENDING_BACKOFF },
        async () => {
          if (before !== ErrorCodes.NONE) await beforeRepeat?.(before);
          let answer: Answer;
          try {
            answer = await this.once(to, request);
          } catch (thrown) {
            return noAnswer(wrapError(thrown, what));
          }
          before = codeOf(answer);
          this.judge(to, before, what);
          return undefined;
        },
      );
    } catch (thrown) {
      const error = wrapError(thrown, what);
      // The limit has passed while nothing was done, or it is refused for good.
      return error.retriable ? { outcome: 'unknown', error } : answeredFailure(error);
    }
  }
}

/** It may be done all the same, unless it could not even be sent. */
function noAnswer(error: KasperError): TransactionFailure {
  return { outcome: error instanceof ConfigError ? 'refused' : 'unknown', error };
}

function notServed({ apiName, apiVersion }: RawRequest<unknown>, nodeId: number): ConfigError {
  return new ConfigError(
    [
      `broker ${nodeId} does not serve ${apiName} version ${apiVersion}, which delivery 'exactly-once' needs: use Apache Kafka 2.8 or newer, or delivery 'at-least-once'`,
    ],
    { what: 'TopicProcessor options' },
  );
}

/** The code that decides of those that a request was answered for each partition. */
export function decidingCode(codes: readonly (number | undefined)[]): number {
  const failed = codes.filter((code) => code !== ErrorCodes.NONE);
  // Where one partition is refused the others are not attempted, and say so.
  const cause = failed.find((code) => code !== ErrorCodes.OPERATION_NOT_ATTEMPTED) ?? failed[0];
  return failed.length === 0 ? ErrorCodes.NONE : (cause ?? ErrorCodes.UNKNOWN_SERVER_ERROR);
}

/** Whether an error is one that a broker has answered with. */
export function isBrokerCode(error: unknown, code: number): boolean {
  return error instanceof BrokerError && error.brokerCode === code;
}
