import { KasperError, type ErrorCode } from '../../kernel/errors.ts';
import { wrapped } from './wrapped.ts';

/** Every code that `kasper` exits with; printed by `kasper --help`. */
export const exitCodes = {
  ok: { code: 0, means: 'The run ended, or a signal stopped it; what was finished is committed' },
  failed: {
    code: 1,
    means: 'The job failed: in process, while sending, in a store, or at a commit; or the process ended',
  },
  usage: { code: 2, means: 'A command, an option, the job file or the topics are wrong' },
  kafka: { code: 3, means: 'Kafka could not be reached, or refused a request' },
  timeout: { code: 4, means: 'A time limit passed; a process function that hung was abandoned' },
  outOfRange: {
    code: 5,
    means: 'The committed offset is no longer in the log: find out why, then choose where to continue',
  },
  notOwner: { code: 6, means: 'Another process owns the partition' },
  killed: {
    code: 130,
    means: 'A second Ctrl-C or SIGTERM: exited immediately; the batch in process is reprocessed',
  },
} as const satisfies Record<string, { readonly code: number; readonly means: string }>;

const byErrorCode: Readonly<Partial<Record<ErrorCode, keyof typeof exitCodes>>> = {
  CONFIG: 'usage',
  CONNECTION: 'kafka',
  BROKER: 'kafka',
  TIMEOUT: 'timeout',
  OFFSET_OUT_OF_RANGE: 'outOfRange',
  ASSIGNMENT: 'notOwner',
  FENCED: 'notOwner',
};

/** The exit code for the error that ended a run. */
export function exitCodeOf(error: unknown): number {
  if (!KasperError.is(error)) return exitCodes.failed.code;
  // A middleware, or the user's code, may have wrapped what is a matter of time nevertheless.
  const { cause } = error;
  const { code } =
    error.code === 'PROCESS' && KasperError.is(cause) && cause.code === 'TIMEOUT' ? cause : error;
  return exitCodeFor(code);
}

/** The code for a kind of error. */
export function exitCodeFor(code: ErrorCode): number {
  return exitCodes[byErrorCode[code] ?? 'failed'].code;
}

/** The table as `--help` shows it, not wider than this. */
export function exitCodeHelp(width: number): string {
  const rows = Object.values(exitCodes).map(({ code, means }) =>
    wrapped(`  ${String(code).padEnd(5)}${means}`, width, '130  '.length),
  );
  return `Exit codes:\n${rows.join('\n')}`;
}
