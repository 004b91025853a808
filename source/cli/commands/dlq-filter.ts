import { createHash } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';
import type { DeadLetter } from '../../index.ts';

/** By which of their headers dead letters can be chosen. */
const fields: Readonly<Record<string, (letter: DeadLetter) => string | undefined>> = {
  error: ({ exception }) => exception,
  stage: ({ stage }) => stage,
  topic: ({ topic }) => topic,
  group: ({ group }) => group,
};

/** `error=CODEC`: dead letters whose field has this value. */
export interface DlqCondition {
  readonly field: string;
  readonly value: string;
}

/** `--where error=CODEC`, once or more. */
export function whereFlag(): Option {
  const what = 'only those with error=…, stage=…, topic=… or group=…; may be repeated';
  return new Option('--where <condition>', what).argParser(parseWhere);
}

/** Reads one `--where`, and adds it to those before. */
function parseWhere(text: string, before: readonly DlqCondition[] = []): DlqCondition[] {
  const at = text.indexOf('=');
  const field = text.slice(0, Math.max(0, at));
  const value = text.slice(at + 1);
  if (at === -1 || value === '' || fields[field] === undefined)
    throw new InvalidArgumentError(
      `It must be ${Object.keys(fields)
        .map((each) => `${each}=…`)
        .join(', ')}, with a value, such as error=CODEC.`,
    );
  if (before.some((each) => each.field === field))
    throw new InvalidArgumentError(`${field} is given twice: all conditions must hold.`);
  return [...before, { field, value }];
}

/** Whether all conditions hold. */
export function fits(letter: DeadLetter, conditions: readonly DlqCondition[]): boolean {
  return conditions.every(({ field, value }) => fields[field]?.(letter) === value);
}

/**
 * The name of the job that replays a topic: its offsets say what was replayed. With conditions it is
 * another one, since what they leave out stays for later.
 */
export function replayName(topic: string, conditions: readonly DlqCondition[]): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);
  const sorted = conditions.map(({ field, value }) => `${field}=${value}`).sort();
  const suffix = sorted.length === 0 ? '' : `-${hash(JSON.stringify(sorted))}`;
  const name = `dlq-replay-${topic}${suffix}`;
  // A name has at most 200 characters.
  return name.length <= 200 ? name : `${name.slice(0, 182)}-${hash(name)}${suffix}`;
}
