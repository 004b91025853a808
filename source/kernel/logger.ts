/** What a log line carries beside its message: plain values that JSON can hold. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where the library writes its log lines. `kasper-ts/logging` has one for winston;
 * {@link silentLogger} is the library's default, so that nothing is printed unless asked for.
 */
export interface Logger {
  /** What only helps to find a fault in this library or its set-up. */
  debug(message: string, fields?: LogFields): void;
  /** What a person may want to know when all is well. */
  info(message: string, fields?: LogFields): void;
  /** What a retry has overcome, but should be looked at. */
  warn(message: string, fields?: LogFields): void;
  /** What failed. */
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger;
}

/** Drops every line. */
export const silentLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
});
