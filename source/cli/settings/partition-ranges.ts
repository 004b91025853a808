import { ConfigError } from '../../kernel/errors.ts';

/** Kafka numbers partitions with a signed 32-bit integer. */
const LAST_PARTITION = 0x7fff_ffff;
/** More than a cluster can hold: such a range is a mistake, and would fill the memory. */
const LONGEST_LIST = 100_000;

/**
 * Reads `0-11,14`: numbers and ranges, both ends included, separated by commas.
 *
 * @returns the partitions in rising order
 * @throws ConfigError that lists everything wrong
 */
export function parsePartitions(text: string): number[] {
  const problems: string[] = [];
  const named = new Map<number, string>();
  for (const part of text.split(',').map((each) => each.trim())) {
    const range = parseRange(part, problems);
    if (range === undefined) continue;
    if (range.last - range.first >= LONGEST_LIST) {
      problems.push(`'${part}' would be more than ${LONGEST_LIST} partitions`);
      continue;
    }
    const twice: number[] = [];
    for (let partition = range.first; partition <= range.last; partition++) {
      if (named.has(partition)) twice.push(partition);
      else named.set(partition, part);
    }
    const [first] = twice;
    if (first !== undefined) {
      const others = twice.length === 1 ? '' : ` and ${twice.length - 1} more`;
      problems.push(`'${part}' names partition ${first}${others} again, after '${named.get(first) ?? ''}'`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'partitions' });
  return [...named.keys()].sort((a, b) => a - b);
}

function parseRange(part: string, problems: string[]): { first: number; last: number } | undefined {
  if (part === '') {
    problems.push('a number or a range is missing; write numbers and ranges such as 0-11,14');
    return undefined;
  }
  const match = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(part);
  if (match === null) {
    problems.push(`'${part}' is neither a number nor a range; write numbers and ranges such as 0-11,14`);
    return undefined;
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  const beyond = Math.max(first, last);
  if (beyond > LAST_PARTITION) {
    problems.push(`'${part}': ${beyond} is beyond the last partition there can be, ${LAST_PARTITION}`);
    return undefined;
  }
  if (first > last) {
    problems.push(`'${part}' goes down; write ${last}-${first}`);
    return undefined;
  }
  return { first, last };
}
