import { codecProblem } from '../../kafka/records/compression.ts';
import type { Setting, SettingType, ValidValues } from './setting.ts';

const LIMITS = { INT: 2n ** 31n, LONG: 2n ** 63n };
const DECIMAL = /^[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[fd]?)$/i;
const THROTTLED = /^\d+:\d+$/;

/** Why a setting cannot have this value, in a broker's words; undefined if it can. */
export function valueProblem(setting: Setting, text: string): string | undefined {
  const trimmed = text.trim();
  const problem = typeProblem(setting.type, trimmed);
  if (problem !== undefined) return invalid(setting, text, problem);
  const { valid } = setting;
  return valid === undefined ? undefined : validProblem(setting, trimmed, valid);
}

/** The parts of a list, without those that are empty. */
export function listItems(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function typeProblem(type: SettingType, text: string): string | undefined {
  switch (type) {
    case 'BOOLEAN':
      return /^(true|false)$/i.test(text) ? undefined : 'Expected value to be either true or false';
    case 'INT':
    case 'LONG':
      return isWhole(text, LIMITS[type]) ? undefined : `Not a number of type ${type}`;
    case 'DOUBLE':
      return DECIMAL.test(text) ? undefined : 'Not a number of type DOUBLE';
    default:
      return undefined;
  }
}

function isWhole(text: string, limit: bigint): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value >= -limit && value < limit;
}

function validProblem(setting: Setting, text: string, valid: ValidValues): string | undefined {
  switch (valid.kind) {
    case 'range':
      return rangeProblem(setting, Number(text), valid);
    case 'one of': {
      const values = setting.type === 'LIST' ? listItems(text) : [text];
      const wrong = values.find((value) => !valid.values.includes(value));
      const known = `String must be one of: ${valid.values.join(', ')}`;
      return wrong === undefined ? undefined : invalid(setting, wrong, known);
    }
    case 'compression': {
      if (!valid.values.includes(text))
        return invalid(setting, text, `String must be one of: ${valid.values.join(', ')}`);
      const problem = codecProblem(text);
      return problem === undefined ? undefined : invalid(setting, text, problem);
    }
    case 'gzip level': {
      const level = Number(text);
      if (level === -1 || (level >= 1 && level <= 9)) return undefined;
      return invalid(setting, text, 'Value must be between 1 and 9 or equal to -1');
    }
    case 'throttled replicas': {
      const items = listItems(text);
      if (text === '*' || items.every((item) => THROTTLED.test(item))) return undefined;
      const form = '[partitionId]:[brokerId],[partitionId]:[brokerId],...';
      return invalid(
        setting,
        `[${items.join(', ')}]`,
        `${setting.name} must be the literal '*' or a list of replicas in the following format: ${form}`,
      );
    }
  }
}

function rangeProblem(
  setting: Setting,
  value: number,
  { min = -Infinity, max = Infinity }: { readonly min?: number; readonly max?: number },
): string | undefined {
  // Java shows a whole number of this type with one decimal.
  const shown = setting.type === 'DOUBLE' && Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (value < min) return invalid(setting, shown, `Value must be at least ${min}`);
  if (value > max) return invalid(setting, shown, `Value must be no more than ${max}`);
  return undefined;
}

function invalid({ name }: Setting, value: string, problem: string): string {
  return `Invalid value ${value} for configuration ${name}: ${problem}`;
}
