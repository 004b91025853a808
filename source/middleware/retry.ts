import { BatchError } from '../batch-error.ts';
import { backoffMs, type BackoffOptions } from '../kernel/backoff.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { durationProblem } from '../kernel/duration.ts';
import { ConfigError, KasperError } from '../kernel/errors.ts';
import { show } from '../kernel/shown-value.ts';
import type { ConsumerMessage } from '../message.ts';
import type { MessageFailure, ProcessContext, ProcessFunction } from '../message-processor.ts';
import type { Sender } from '../sender.ts';
import { agrees, failedItself, failuresOf, inOrderOf, isBehind, isOver, placeOf } from './failed-messages.ts';
import type { Middleware } from './middleware.ts';
import { withInfo } from './middleware-info.ts';

/** Options of {@link retry}. */
export interface RetryOptions {
  /** Calls of `process` at most, the first included. Default 5. */
  readonly attempts?: number;
  /** The wait before the second attempt, in milliseconds. Default 100. */
  readonly initialMs?: number;
  /** No wait is longer, in milliseconds, but for the jitter. Default 10,000. */
  readonly maxMs?: number;
  /** Each wait is this many times the one before, at least 1. Default 2. */
  readonly factor?: number;
  /** Share of a wait that is drawn at random, 0 to 1. Default 0.2. */
  readonly jitter?: number;
  /**
   * No attempt begins later than this after the first one, in milliseconds. Default: no limit but
   * `processTimeoutMs`, which ends the run.
   */
  readonly elapsedMs?: number;
  /**
   * Whether an attempt can help after this error; of a BatchError each message's own is asked for.
   * Default: a KasperError if it is `retriable`, any other error yes. Never asked for an
   * UnrecoverableError or a FencedError, after a time limit was passed, or when the processor closes.
   */
  readonly retryIf?: (error: unknown) => boolean;
}

/**
 * Calls `process` again when it has failed, after a wait in which other partitions are processed:
 * each time with a fresh sender, so that what a failed attempt sent is dropped.
 *
 * After a BatchError only the failed messages are passed again, in the order of the batch, together
 * with those that were not run because of them: what the others sent is kept. Those that `retryIf`
 * refuses are not passed again, nor those behind them; they are in the BatchError that is thrown at
 * the end. Otherwise the last error itself is thrown, and a warning says how many attempts there
 * were.
 *
 * @throws ConfigError for an unknown option, or a value that makes no sense
 * @example middleware: [deadLetter(), retry({ attempts: 3 })]
 */
export function retry(options: RetryOptions = {}): Middleware {
  const limits = checked(options);
  return withInfo(
    { name: 'retry' },
    (next) => (messages, sender, context) => attemptAll({ next, sender, context, limits }, messages),
  );
}

type Limits = Required<BackoffOptions> & {
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly retryIf: (error: unknown) => boolean;
};

interface Attempts {
  readonly next: ProcessFunction;
  readonly sender: Sender;
  readonly context: ProcessContext;
  readonly limits: Limits;
}

async function attemptAll(
  { next, sender, context, limits }: Attempts,
  batch: readonly ConsumerMessage[],
): Promise<void> {
  const { clock } = context;
  const began = clock.now();
  /** Failures that no further attempt is made for. */
  const refused: MessageFailure[] = [];
  let messages = batch;
  for (let attempt = 1; ; attempt++) {
    try {
      await next(messages, sender, context);
      break;
    } catch (error) {
      if (isOver(error, context)) throw error;
      const before = refused.length;
      const again = failedAgain(error, { messages, refused, limits, context });
      if (again.length === 0) {
        if (before === 0 || failuresOf(error) === undefined) throw error;
        break;
      }
      const waitMs = backoffMs(limits, attempt - 1);
      if (attempt >= limits.attempts || clock.now() - began + waitMs > limits.elapsedMs) {
        context.logger.warn('Retried without success', { attempts: attempt, messages: again.length, error });
        throw withRefused(error, refused, batch);
      }
      await context.wait(waitMs);
      messages = again;
      context.tally('retried', messages.length);
    }
  }
  if (refused.length > 0) throw new BatchError(inOrderOf(batch, refused));
}

/** The messages to pass again; what is refused among the failures is added to the refused ones. */
function failedAgain(
  error: unknown,
  {
    messages,
    refused,
    limits,
    context,
  }: Pick<Attempts, 'limits' | 'context'> & {
    readonly messages: readonly ConsumerMessage[];
    readonly refused: MessageFailure[];
  },
): readonly ConsumerMessage[] {
  const mayTry = (each: unknown) =>
    isTriable(each) && agrees('retryIf of retry', limits.retryIf, each, context);
  const failures = failuresOf(error);
  if (failures === undefined) return mayTry(error) ? messages : [];
  const present = new Set(messages.map(placeOf));
  const again = new Set<string>();
  const sort = (failure: MessageFailure, isHopeful: boolean) => {
    const place = placeOf(failure.message);
    if (isHopeful && present.has(place)) again.add(place);
    else refused.push(failure);
  };
  for (const failure of failures) if (failedItself(failure)) sort(failure, mayTry(failure.error));
  for (const failure of failures) if (!failedItself(failure)) sort(failure, !isBehind(failure, refused));
  return messages.filter((message) => again.has(placeOf(message)));
}

/** What no attempt can help with, whoever is asked. */
function isTriable(error: unknown): boolean {
  return !KasperError.is(error) || (error.code !== 'UNRECOVERABLE' && error.code !== 'FENCED');
}

function isRetriable(error: unknown): boolean {
  return KasperError.is(error) ? error.retriable : true;
}

/** The error itself, unless others were refused before. */
function withRefused(
  error: unknown,
  refused: readonly MessageFailure[],
  batch: readonly ConsumerMessage[],
): unknown {
  const failures = failuresOf(error);
  if (failures === undefined || refused.every((each) => failures.includes(each))) return error;
  return new BatchError(inOrderOf(batch, [...new Set([...refused, ...failures])]));
}

function checked(options: RetryOptions): Limits {
  checkOptionNames('retry', options, [
    'attempts',
    'initialMs',
    'maxMs',
    'factor',
    'jitter',
    'elapsedMs',
    'retryIf',
  ]);
  const { attempts = 5, initialMs = 100, maxMs = 10_000, factor = 2, jitter = 0.2 } = options;
  const { elapsedMs, retryIf = isRetriable } = options;
  const problems = Object.entries({ initialMs, maxMs, ...(elapsedMs === undefined ? {} : { elapsedMs }) })
    .map(([name, value]) => [name, durationProblem(value)] as const)
    .flatMap(([name, problem]) => (problem === undefined ? [] : [`${name} ${problem}`]));
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    problems.push(`attempts must be a whole number, at least 1, not ${show(attempts)}`);
  if (!Number.isFinite(factor) || factor < 1)
    problems.push(`factor must be a number, at least 1, not ${show(factor)}`);
  if (!Number.isFinite(jitter) || jitter < 0 || jitter > 1)
    problems.push(`jitter must be a number from 0 to 1, not ${show(jitter)}`);
  if (typeof retryIf !== 'function') problems.push(`retryIf must be a function, not ${show(retryIf)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'retry' });
  return { attempts, initialMs, maxMs, factor, jitter, elapsedMs: elapsedMs ?? Infinity, retryIf };
}
