import { inspect, type InspectOptions } from 'node:util';
import { someOf } from './some-of.ts';
import type { ErrorCode } from './error-table.ts';
import { inspectedError } from './inspected-error.ts';
import { unlisted } from './unlisted.ts';

export type { ErrorCode } from './error-table.ts';

/** Where a range of one topic-partition starts and ends; both offsets belong to it. */
export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly first: number;
  readonly last: number;
}

/** A topic-partition that an answer of the broker speaks of. */
export interface TopicPartitionRef {
  readonly topic: string;
  readonly partition: number;
}

const brand = Symbol.for('kasper-ts.error');

/**
 * The base of every error that this library makes. Errors of other libraries are wrapped once,
 * where they enter, and are kept in `cause`.
 *
 * `retriable` says whether the same call may succeed when it is made again without any change.
 */
export abstract class KasperError extends Error {
  /** A stable literal that names the kind of error. */
  abstract readonly code: ErrorCode;
  /** Whether the same call may succeed when it is made again without any change. */
  readonly retriable: boolean;
  /**
   * Failures that came after this one while things were closed: of those that differ only in numbers
   * the first, and an Error that counts the others.
   */
  readonly suppressed: unknown[] = [];
  declare readonly [brand]: true;

  constructor(message: string, options: { cause?: unknown; retriable?: boolean } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.retriable = options.retriable ?? false;
    unlisted(this, 'suppressed');
  }

  /** As `console.error` shows it: short, however many partitions or messages it is about. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspectedError(this, options);
  }

  /** True for every KasperError, also for one that another copy of this package made. */
  static is(value: unknown): value is KasperError {
    return value instanceof Error && brand in value;
  }
}

Object.defineProperty(KasperError.prototype, brand, { value: true });

/** The message of a ConfigError shows this many; its `problems` has all. */
const PROBLEMS_SHOWN = 30;

/** The options, a job file or the topics do not fit; `problems` lists all of them together. */
export class ConfigError extends KasperError {
  override readonly code = 'CONFIG';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options: { cause?: unknown; what?: string } = {}) {
    const what = options.what ?? 'Configuration';
    super(
      problems.length === 1
        ? `${what}: ${problems[0] ?? ''}`
        : `${what}: ${problems.length} problems:\n${someOf(problems, PROBLEMS_SHOWN)
            .map((problem) => `  - ${problem}`)
            .join('\n')}`,
      options,
    );
    this.problems = Object.freeze([...problems]);
    unlisted(this, 'problems');
  }
}

/** A method was called in a state in which it makes no sense. */
export class LifecycleError extends KasperError {
  override readonly code = 'LIFECYCLE';
}

/** A batch failed; nothing of it was committed. `cause` is the very value that was thrown. */
export class ProcessError extends KasperError {
  override readonly code = 'PROCESS';
  readonly partition: number;
  /** The offsets of the failed batch, per topic. */
  readonly ranges: readonly OffsetRange[];

  constructor(
    message: string,
    options: { cause: unknown; partition: number; ranges: readonly OffsetRange[] },
  ) {
    super(message, { cause: options.cause });
    this.partition = options.partition;
    this.ranges = options.ranges;
  }
}

/**
 * Thrown by a processor for what no retry can fix: middleware that retries lets it pass immediately.
 */
export class UnrecoverableError extends KasperError {
  override readonly code = 'UNRECOVERABLE';
}

/** A record was refused by `send`: it could never be sent as it is. */
export class SendError extends KasperError {
  override readonly code = 'SEND';
}

/** What one partition's records met when they were sent. */
export interface ProduceOutcome extends TopicPartitionRef {
  readonly records: number;
  readonly error?: unknown;
}

/**
 * Records could not be sent. `acked` are stored, `failed` are certainly not, `unknown` may or may
 * not be. What is `failed` or `unknown` stays in the sender.
 */
export class ProduceError extends KasperError {
  override readonly code = 'PRODUCE';
  readonly acked: readonly ProduceOutcome[];
  readonly failed: readonly ProduceOutcome[];
  readonly unknown: readonly ProduceOutcome[];

  constructor(
    message: string,
    options: {
      cause?: unknown;
      acked?: readonly ProduceOutcome[];
      failed?: readonly ProduceOutcome[];
      unknown?: readonly ProduceOutcome[];
      retriable?: boolean;
    } = {},
  ) {
    super(message, options);
    this.acked = options.acked ?? [];
    this.failed = options.failed ?? [];
    this.unknown = options.unknown ?? [];
    unlisted(this, 'acked', 'failed', 'unknown');
  }
}

/** Offsets could not be committed. `stored` says what the broker did store of that request. */
export class CommitError extends KasperError {
  override readonly code = 'COMMIT';
  readonly failed: readonly (TopicPartitionRef & { readonly offset: number })[];
  readonly stored: readonly (TopicPartitionRef & { readonly offset: number })[];

  constructor(
    message: string,
    options: { cause?: unknown; failed?: CommitError['failed']; stored?: CommitError['stored'] } = {},
  ) {
    super(message, options);
    this.failed = options.failed ?? [];
    this.stored = options.stored ?? [];
    unlisted(this, 'failed', 'stored');
  }
}

/** Another owner took a partition over: this one must stop and commits nothing more. */
export class FencedError extends KasperError {
  override readonly code = 'FENCED';
}

/**
 * The next offset to read is not in the log: it was deleted, or the topic was truncated or made
 * anew.
 */
export class OffsetOutOfRangeError extends KasperError {
  override readonly code = 'OFFSET_OUT_OF_RANGE';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly earliest: number;
  readonly latest: number;

  constructor(
    message: string,
    at: TopicPartitionRef & { offset: number; earliest: number; latest: number },
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
    this.topic = at.topic;
    this.partition = at.partition;
    this.offset = at.offset;
    this.earliest = at.earliest;
    this.latest = at.latest;
  }
}

/** Partitions cannot be had as asked: another owner holds them, or the topics do not fit. */
export class AssignmentError extends KasperError {
  override readonly code = 'ASSIGNMENT';
}

/** A key of a store call; `tenant` is there where the call was one of a MultiStore. */
export interface StoreKey {
  readonly tenant?: string;
  readonly key: string;
}

/** A key for which a store call failed, or may have failed, and why. */
export interface StoreFailure extends StoreKey {
  readonly reason: string;
  /** Whether the same call may succeed for this key when it is made again. */
  readonly retriable: boolean;
}

/**
 * A store call failed. `failures` has each key that it failed for, where that is known, with the
 * reason, and `keys` only their names; `written` has the keys that were written, or deleted, in the
 * same call all the same. After a time limit or a lost connection a write that counts as failed may
 * have been done.
 */
export class StoreError extends KasperError {
  override readonly code = 'STORE';
  readonly store: string;
  readonly operation: string;
  readonly keys: readonly string[];
  readonly failures: readonly StoreFailure[];
  readonly written: readonly StoreKey[];

  constructor(
    message: string,
    options: {
      store: string;
      operation: string;
      keys?: readonly string[];
      failures?: readonly StoreFailure[];
      written?: readonly StoreKey[];
      cause?: unknown;
      retriable?: boolean;
    },
  ) {
    super(message, options);
    this.store = options.store;
    this.operation = options.operation;
    this.failures = options.failures ?? [];
    this.written = options.written ?? [];
    this.keys = options.keys ?? this.failures.map(({ key }) => key);
    unlisted(this, 'keys', 'failures', 'written');
  }
}

/** Bytes could not be turned into a value, or a value into bytes. */
export class CodecError extends KasperError {
  override readonly code = 'CODEC';
}

/**
 * A record batch that came from a broker is damaged, too large when inflated, or of an unknown
 * form.
 */
export class RecordError extends KasperError {
  override readonly code = 'RECORD';
}

/** No broker could be reached, or none let us in (network, TLS, SASL). */
export class ConnectionError extends KasperError {
  override readonly code = 'CONNECTION';
}

/** A broker answered with an error code; `brokerCode` is Kafka's number, `brokerError` its name. */
export class BrokerError extends KasperError {
  override readonly code = 'BROKER';
  readonly brokerCode: number;
  readonly brokerError: string;

  constructor(
    message: string,
    options: { brokerCode: number; brokerError: string; retriable: boolean; cause?: unknown },
  ) {
    super(message, options);
    this.brokerCode = options.brokerCode;
    this.brokerError = options.brokerError;
  }
}

/** Something did not end within its time limit. */
export class TimeoutError extends KasperError {
  override readonly code = 'TIMEOUT';
}
