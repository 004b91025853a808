import winston from 'winston';
import { checkArguments } from '../kernel/check-arguments.ts';
import { checkOptionNames } from '../kernel/check-option-names.ts';
import { ConfigError } from '../kernel/errors.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import type { LogFields, Logger } from '../kernel/logger.ts';
import { hideSecrets } from '../kernel/secrets.ts';
import { loggedFields, type ErrorForm } from './logged-fields.ts';
import { errorObject, errorText } from './logged-error.ts';
import { jsonLine, textLine } from './log-line.ts';

/** How a line is written: one JSON object, or text for people. */
export const logFormats = ['json', 'text'] as const;
/** A form of log lines: one JSON object a line, or text for people. */
export type LogFormat = (typeof logFormats)[number];

/** The levels of the Logger port, from the most to the least verbose. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
/** The lowest level that is written. */
export type LogLevel = (typeof logLevels)[number];

/** Options of {@link winstonLogger}. */
export interface WinstonLoggerOptions {
  /**
   * `json`: an object with `time`, `level`, `message`, then the fields; errors with name, code,
   * message, stack and cause. `text`: time, level, message, then `name=value`; errors by their
   * messages. Default 'json'.
   */
  readonly format?: LogFormat;
  /** Lines below this level are dropped. Default 'info'. */
  readonly level?: LogLevel;
  /**
   * Added to each line, to distinguish programs or parts of one: in JSON as `label`, in text as
   * `[label]` before the message. Default: none.
   */
  readonly label?: string;
  /**
   * Where lines go. Default: the process's standard error, so that standard output is left for
   * results.
   */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * A Logger that writes through [winston](https://github.com/winstonjs/winston).
 *
 * Given options, it makes its own winston logger. Given a winston logger, it writes to that one:
 * each line is one entry with `level`, `message` and the fields beside them. A field named `level`
 * or `message` gets an underscore after its name. `warn` becomes winston's `warning` if the levels
 * are those of syslog.
 *
 * Secrets are hidden, no matter who logs them: fields named `password`, `authorization`, `secret`,
 * `token` or similar; and, within texts and errors, what precedes the @ of a URL, Authorization
 * headers and private keys.
 *
 * @throws ConfigError for an unknown format or level, and for a winston logger that lacks one of
 *   the levels
 *
 * @example new TopicProcessor({ …, logger: winstonLogger({ format: 'text', level: 'debug' }) }, processor);
 */
export function winstonLogger(target: WinstonLoggerOptions | winston.Logger = {}): Logger {
  checkArguments('winstonLogger', [
    isObject(target),
    'give options such as { format }, or a logger of winston',
    target,
  ]);
  if (isWinston(target))
    return new WinstonLogger({ winston: target, names: levelNames(target), errorForm: errorObject });
  checkOptionNames('winstonLogger', target, ['format', 'level', 'label', 'stream']);
  const { format = 'json', level = 'info', label, stream = process.stderr } = target;
  checkArguments('winstonLogger', [
    isObject(stream) && hasMethods(stream, ['write']),
    'stream must be a writable stream',
    stream,
  ]);
  checkOptions(format, level, label);
  const lineOf = format === 'json' ? jsonLine : textLine;
  const logger = winston.createLogger({
    level,
    levels: { error: 0, warn: 1, info: 2, debug: 3 },
    format: winston.format.combine(
      winston.format.timestamp({ alias: 'time' }),
      winston.format.printf((entry) => lineOf(entry, label)),
    ),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
  return new WinstonLogger({
    winston: logger,
    names: levelNames(logger),
    errorForm: format === 'json' ? errorObject : errorText,
  });
}

/** What winston calls our levels. */
type LevelNames = Readonly<Record<LogLevel, string>>;

/** Where lines go, and in which form. */
interface LineTarget {
  readonly winston: winston.Logger;
  readonly names: LevelNames;
  readonly errorForm: ErrorForm;
}

class WinstonLogger implements Logger {
  readonly #target: LineTarget;
  /** Ready to be written. */
  readonly #fields: LogFields;

  constructor(target: LineTarget, fields: LogFields = {}) {
    this.#target = target;
    this.#fields = fields;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write(this.#target.names.debug, message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write(this.#target.names.info, message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write(this.#target.names.warn, message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write(this.#target.names.error, message, fields);
  }

  child(fields: LogFields): Logger {
    const own = { ...this.#fields, ...loggedFields(fields, this.#target.errorForm) };
    return new WinstonLogger(this.#target, own);
  }

  #write(level: string, message: string, fields: LogFields = {}): void {
    const { winston, errorForm } = this.#target;
    if (!winston.isLevelEnabled(level)) return;
    // One entry, not (level, message, meta): with separate arguments, winston appends a field named
    // `message` to the text.
    winston.log({
      ...this.#fields,
      ...loggedFields(fields, errorForm),
      level,
      message: hideSecrets(message),
    });
  }
}

function isWinston(target: WinstonLoggerOptions | winston.Logger): target is winston.Logger {
  return 'log' in target && 'isLevelEnabled' in target && 'levels' in target;
}

function levelNames(logger: winston.Logger): LevelNames {
  const known: Readonly<Record<string, unknown>> = logger.levels;
  const warn = 'warn' in known || !('warning' in known) ? 'warn' : 'warning';
  const names: LevelNames = { debug: 'debug', info: 'info', warn, error: 'error' };
  const missing = Object.values(names).filter((name) => !(name in known));
  if (missing.length > 0) {
    throw new ConfigError(
      [
        `the winston logger has no level ${missing.join(', ')}, only ${Object.keys(known).join(', ')}: ` +
          'use the levels of npm (winston.config.npm.levels) or of syslog',
      ],
      { what: 'winstonLogger' },
    );
  }
  return names;
}

function checkOptions(format: string, level: string, label: unknown): void {
  const problems: string[] = [];
  if (!(logFormats as readonly string[]).includes(format))
    problems.push(`format must be one of ${logFormats.join(', ')}, not '${format}'`);
  if (!(logLevels as readonly string[]).includes(level))
    problems.push(`level must be one of ${logLevels.join(', ')}, not '${level}'`);
  if (label !== undefined && typeof label !== 'string')
    problems.push(`label must be text, not a ${typeof label}`);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'winstonLogger' });
}
