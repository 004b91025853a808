import { InvalidArgumentError, Option, type Command } from 'commander';
import { optionRows, type OptionRow } from '../index.ts';

/** Adds a flag for every option of a TopicProcessor that is a number, a switch or a choice: `batchWaitMs` is `--batch-wait-ms`. */
export function addOptionFlags(command: Command): void {
  for (const row of optionRows as readonly OptionRow[]) {
    for (const option of flagsOf(row)) command.addOption(option);
  }
}

/** Those of these options that were given on the command line; the job file decides the others. */
export function givenOptions(command: Command): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const { name } of optionRows) {
    if (command.getOptionValueSource(name) === 'cli') given[name] = command.getOptionValue(name);
  }
  return given;
}

function flagsOf(row: OptionRow): Option[] {
  const flag = row.name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const what = sentence(row);
  switch (row.kind) {
    case 'boolean':
      return [new Option(`--${flag}`, what), new Option(`--no-${flag}`, 'The opposite')];
    case 'choice':
      return [
        new Option(`--${flag} <choice>`, what)
          .choices(row.choices ?? [])
          .default(undefined, String(row.default)),
      ];
    case 'integer':
      return [
        new Option(`--${flag} <${row.unit ?? 'n'}>`, what).argParser((text) => parseInteger(row, text)),
      ];
  }
}

/** `What it decides (default 1000)` */
function sentence(row: OptionRow): string {
  const what = row.what.replaceAll('`', '');
  if (row.default === undefined || row.kind === 'choice') return what;
  return `${what} (default ${row.kind === 'boolean' ? (row.default === true ? 'on' : 'off') : row.default})`;
}

function parseInteger(row: OptionRow, text: string): number {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, unit } = row;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    const most = row.maximum === undefined ? '' : ` and at most ${maximum}`;
    throw new InvalidArgumentError(
      `It must be a whole number${unit === undefined ? '' : ` of ${unit}`}, at least ${minimum}${most}.`,
    );
  }
  return value;
}
