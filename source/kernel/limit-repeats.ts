import { systemClock, type Clock, type Timer } from './clock.ts';
import { checkArguments, loggerArgument } from './check-arguments.ts';
import { checkOptionNames } from './check-option-names.ts';
import { ConfigError } from './errors.ts';
import type { LogFields, Logger } from './logger.ts';
import { show } from './shown-value.ts';
import { textOf } from './thrown-text.ts';

/** When lines count as repeats, and how many of them are written. */
export interface RepeatLimits {
  /** So many lines of a kind are written in each interval. Default 3. */
  readonly atMost?: number;
  /** The interval, in milliseconds, from the first line of a kind. Default 60000. */
  readonly perMs?: number;
  /** Levels whose lines are limited. Default `['warn', 'error']`. */
  readonly levels?: readonly LimitedLevel[];
  /**
   * Fields that tell one kind from another, beside level, message, the fields of children, and
   * `error`; numbers within a message or an error do not. Default: `broker`, `component`, `event`,
   * `groupId`, `namespace`, `node`, `partition`, `store`, `topic`, `where`.
   */
  readonly fields?: readonly string[];
  /**
   * Kinds that are kept apart at the same time; beyond it the one that began first is logged and forgotten.
   * Default 2000.
   */
  readonly maxKinds?: number;
  /** Default: the machine's clock. For tests. */
  readonly clock?: Clock;
}

/** A level of the Logger port. */
export type LimitedLevel = 'debug' | 'info' | 'warn' | 'error';

/** A logger that counts repeats instead of writing them. */
export interface RepeatLimitedLogger extends Logger, Disposable {
  /** A logger that adds these fields, and counts together with this one. */
  child(fields: LogFields): RepeatLimitedLogger;
  /** Tells what is held back now, and lets pass what comes later. May be called twice. */
  close(): void;
}

const defaults = {
  atMost: 3,
  perMs: 60_000,
  levels: ['warn', 'error'] as readonly LimitedLevel[],
  fields: [
    'broker',
    'component',
    'event',
    'groupId',
    'namespace',
    'node',
    'partition',
    'store',
    'topic',
    'where',
  ],
  maxKinds: 2000,
} as const;

/** No part of what names a kind is longer than this. */
const LONGEST_PART = 200;

/**
 * Wraps a logger so that a fault that lasts does not fill the log: of lines of one kind, `atMost`
 * are written in each interval, and at its end one that has the message, the fields of the last
 * line that was held back, how many there were as `more`, and reads `Message … 312 more like this
 * in the last 60 s`.
 *
 * A TopicProcessor limits its own warnings and errors so, not what your code writes to
 * `context.logger`. A logger that is limited already counts as it did: closing the new one only
 * tells what is held back. The timer at the end of an interval does not keep the process alive:
 * `close()` before it ends.
 *
 * @throws ConfigError for what is no Logger, an unknown option, and a limit that is not a whole number of at least 1
 *
 * @example using logger = limitRepeats(winstonLogger({ format: 'text' }));
 */
export function limitRepeats(logger: Logger, limits: RepeatLimits = {}): RepeatLimitedLogger {
  if (logger instanceof LimitedLogger) return logger.view();
  checkArguments('limitRepeats', loggerArgument(logger));
  checkOptionNames('limitRepeats', limits, [...Object.keys(defaults), 'clock']);
  const { atMost, perMs, levels, fields, maxKinds } = { ...defaults, ...limits };
  const problems = Object.entries({ atMost, perMs, maxKinds })
    .filter(([, value]) => !Number.isSafeInteger(value) || value < 1)
    .map(([name, value]) => `${name} must be a whole number of at least 1, not ${show(value)}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'limitRepeats' });
  const clock = limits.clock ?? systemClock;
  return new LimitedLogger(logger, new Repeats({ atMost, perMs, levels, fields, maxKinds, clock }), '', true);
}

/**
 * The logger below one that the library made to limit its own lines: for the lines of the user's
 * code.
 */
export function unlimited(logger: Logger): Logger {
  return logger instanceof LimitedLogger ? logger.unlimited : logger;
}

class LimitedLogger implements RepeatLimitedLogger {
  readonly #below: Logger;
  readonly #repeats: Repeats;
  /** What the fields of this child add to the name of a kind. */
  readonly #scope: string;
  /** Whether it was made by limitRepeats of a logger without limits. */
  readonly #owns: boolean;

  constructor(below: Logger, repeats: Repeats, scope: string, owns: boolean) {
    this.#below = below;
    this.#repeats = repeats;
    this.#scope = scope;
    this.#owns = owns;
  }

  get unlimited(): Logger {
    return this.#owns ? this.#below : this;
  }

  view(): LimitedLogger {
    return new LimitedLogger(this.#below, this.#repeats, this.#scope, false);
  }

  debug(message: string, fields?: LogFields): void {
    this.#repeats.write(this.#below, 'debug', this.#scope, message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#repeats.write(this.#below, 'info', this.#scope, message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#repeats.write(this.#below, 'warn', this.#scope, message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#repeats.write(this.#below, 'error', this.#scope, message, fields);
  }

  child(fields: LogFields): LimitedLogger {
    const scope = Object.entries(fields).map(([name, value]) => `${name}=${part(value)}`);
    return new LimitedLogger(
      this.#below.child(fields),
      this.#repeats,
      `${this.#scope} ${scope.join(' ')}`,
      this.#owns,
    );
  }

  close(): void {
    if (this.#owns) this.#repeats.close();
    else this.#repeats.tellAll();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Lines that are alike, from the first one on. */
interface Kind {
  readonly logger: Logger;
  readonly level: LimitedLevel;
  readonly message: string;
  readonly beganAt: number;
  written: number;
  held: number;
  /** Of the last line that was held back. */
  fields: LogFields | undefined;
}

/** What a logger and all its children have written and held back. */
class Repeats {
  readonly #limits: Required<RepeatLimits>;
  /** In the order in which they began, which is that in which they end. */
  readonly #kinds = new Map<string, Kind>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(limits: Required<RepeatLimits>) {
    this.#limits = limits;
  }

  write(
    logger: Logger,
    level: LimitedLevel,
    scope: string,
    message: string,
    fields: LogFields | undefined,
  ): void {
    const { levels, atMost, maxKinds, clock } = this.#limits;
    if (this.#isClosed || !levels.includes(level)) {
      logger[level](message, fields);
      return;
    }
    this.#tellDue();
    const name = this.#nameOf(level, scope, message, fields);
    let kind = this.#kinds.get(name);
    if (kind === undefined) {
      kind = { logger, level, message, beganAt: clock.now(), written: 0, held: 0, fields: undefined };
      if (this.#kinds.size >= maxKinds) this.#endFirst();
      this.#kinds.set(name, kind);
    }
    if (kind.written < atMost) {
      kind.written++;
      logger[level](message, fields);
      return;
    }
    kind.fields = fields;
    if (kind.held++ === 0) this.#wait();
  }

  tellAll(): void {
    while (this.#kinds.size > 0) this.#endFirst();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.tellAll();
  }

  #nameOf(level: LimitedLevel, scope: string, message: string, fields: LogFields = {}): string {
    const parts = [level, scope, part(message.replaceAll(/\d+/g, '#'))];
    for (const name of this.#limits.fields)
      if (fields[name] !== undefined) parts.push(`${name}=${part(fields[name])}`);
    // Errors that differ in a number only, such as a port or a time, are alike.
    if (fields['error'] !== undefined) parts.push(part(fields['error']).replaceAll(/\d+/g, '#'));
    return parts.join('\n');
  }

  /** Tells of the kinds whose interval is over, and forgets them. */
  #tellDue(): void {
    const { perMs, clock } = this.#limits;
    const now = clock.now();
    for (const { beganAt } of this.#kinds.values()) {
      if (now - beganAt < perMs) return;
      this.#endFirst();
    }
  }

  #endFirst(): void {
    const [first] = this.#kinds;
    if (first === undefined) return;
    const [name, kind] = first;
    this.#kinds.delete(name);
    this.#tell(kind);
  }

  #tell({ logger, level, message, beganAt, held, fields }: Kind): void {
    if (held === 0) return;
    const seconds = Math.max(1, Math.round((this.#limits.clock.now() - beganAt) / 1000));
    logger[level](`${message} … ${held} more like this in the last ${seconds} s`, { ...fields, more: held });
  }

  /** Comes back when the first kind with something to tell ends. */
  #wait(): void {
    this.#timer?.cancel();
    const { perMs, clock } = this.#limits;
    for (const { held, beganAt } of this.#kinds.values()) {
      if (held === 0) continue;
      this.#timer = clock.after(Math.max(0, beganAt + perMs - clock.now()), () => {
        this.#tellDue();
        this.#wait();
      });
      this.#timer.unref?.();
      return;
    }
  }
}

/** Short, and never throws, for any value. */
function part(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value).slice(0, LONGEST_PART);
  return value instanceof Error ? textOf(value).slice(0, LONGEST_PART) : '';
}
