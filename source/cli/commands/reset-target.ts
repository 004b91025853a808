import { InvalidArgumentError, Option, type Command } from 'commander';
import { ConfigError, type ResetTarget } from '../../index.ts';

/** The flags that say where offsets are set. */
export interface TargetFlags {
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toTime?: number;
  readonly toOffset?: number;
  readonly shiftBy?: number;
}

export function addTargetFlags(command: Command): void {
  command
    .option('--to-earliest', 'to the first record in the log')
    .option('--to-latest', 'to the end, so that everything that is in the log now is skipped')
    .addOption(
      new Option(
        '--to-time <time>',
        'to the first record at or after it: 2026-01-31T12:00:00Z, or milliseconds since 1970; the end if there is none',
      ).argParser(parseTime),
    )
    .addOption(
      new Option('--to-offset <offset>', 'to this offset, which must be in the log').argParser(parseOffset),
    )
    .addOption(
      new Option(
        '--shift-by <n>',
        'by this many offsets: -100 goes back; stops at the ends of the log',
      ).argParser(parseShift),
    );
}

/** @throws ConfigError unless there is one target */
export function targetOf({ toEarliest, toLatest, toTime, toOffset, shiftBy }: TargetFlags): ResetTarget {
  const given: (readonly [flag: string, target: ResetTarget])[] = [
    ...(toEarliest === true ? [['--to-earliest', 'earliest'] as const] : []),
    ...(toLatest === true ? [['--to-latest', 'latest'] as const] : []),
    ...(toTime === undefined ? [] : [['--to-time', { timestamp: toTime }] as const]),
    ...(toOffset === undefined ? [] : [['--to-offset', toOffset] as const]),
    ...(shiftBy === undefined ? [] : [['--shift-by', { shiftBy }] as const]),
  ];
  const [first, second] = given;
  if (first === undefined) {
    throw targetError('give a target: --to-earliest, --to-latest, --to-time, --to-offset or --shift-by');
  }
  if (second !== undefined)
    throw targetError(`give only one of ${given.map(([flag]) => flag).join(' and ')}`);
  return first[1];
}

function targetError(problem: string): ConfigError {
  return new ConfigError([problem], { what: 'Target' });
}

/** A time with its zone, or milliseconds since 1970. */
export function parseTime(text: string): number {
  const milliseconds = /^\d{1,15}$/.test(text) ? Number(text) : parseIso(text);
  if (milliseconds === undefined)
    throw new InvalidArgumentError(
      'It must be a time with its zone, such as 2026-01-31T12:00:00Z or 2026-01-31T12:00+01:00, or milliseconds since 1970.',
    );
  return milliseconds;
}

/** Without a zone a time would mean another one on each machine. */
function parseIso(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match.map(Number);
  // A date that does not exist, such as February 30, would be moved on to one that does.
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  if (date.getUTCDate() !== day) return undefined;
  const milliseconds = Date.parse(text);
  return milliseconds >= 0 ? milliseconds : undefined;
}

function parseOffset(text: string): number {
  const offset = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(offset)) throw new InvalidArgumentError('It must be a whole number from 0.');
  return offset;
}

function parseShift(text: string): number {
  const shift = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(shift) || shift === 0)
    throw new InvalidArgumentError('It must be a whole number other than 0, such as -100 or +100.');
  return shift;
}
