import { show } from '../kernel/shown-value.ts';
import type { OptionRow, OptionValues } from './option-row.ts';
import { optionRows } from './option-table.ts';

/** The values of all options of the table. What is wrong with them is added to the problems. */
export function checkScalars(
  given: Readonly<Record<string, unknown>>,
  problems: string[],
): OptionValues<typeof optionRows> {
  return checkRows(optionRows, given, problems);
}

/** The values of these rows. Names and types of the result follow from the rows. */
function checkRows<Rows extends readonly OptionRow[]>(
  rows: Rows,
  given: Readonly<Record<string, unknown>>,
  problems: string[],
): OptionValues<Rows> {
  const values = rows.map((row) => [row.name, checkRow(row, given[row.name], problems)] as const);
  return Object.fromEntries(values) as OptionValues<Rows>;
}

/** The value, or the default where none is given or the given one is wrong. */
function checkRow(row: OptionRow, value: unknown, problems: string[]): OptionRow['default'] {
  if (value === undefined) return row.default;
  const refuse = (demand: string) => {
    problems.push(`${row.name} must be ${demand}, not ${show(value)}`);
    return row.default;
  };
  switch (row.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse('true or false');
    case 'choice': {
      const { choices = [] } = row;
      const names = choices.map((choice) => `'${choice}'`).join(' or ');
      return choices.find((choice) => choice === value) ?? refuse(names);
    }
    case 'integer': {
      const { unit, minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = row;
      if (typeof value !== 'number' || !Number.isSafeInteger(value))
        return refuse(`a whole number${unit === undefined ? '' : ` of ${unit}`}, at least ${minimum}`);
      if (value >= minimum && value <= maximum) return value;
      const bound = value < minimum ? `at least ${minimum}` : `at most ${maximum}`;
      return refuse(unit === undefined ? bound : `${bound} ${unit}`);
    }
  }
}
