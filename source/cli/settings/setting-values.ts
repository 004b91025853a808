import { parseAddress } from '../../kernel/address.ts';
import { ConfigError } from '../../index.ts';
import { isObject } from '../../kernel/is-object.ts';
import { parsePartitions } from './partition-ranges.ts';
import { parseShare } from './partition-share.ts';
import type { Setting } from './settings.ts';

/**
 * A value, or what is wrong with it: a text that follows the name of the place where it was given.
 */
export type Parsed = { readonly value: unknown } | { readonly problem: string };

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/** Reads a setting as an environment variable or a flag has it. */
export function parseText(setting: Setting, text: string): Parsed {
  switch (setting.kind) {
    case 'integer':
      return checkValue(setting, /^-?\d+$/.test(text) ? Number(text) : text);
    case 'boolean': {
      const value = booleans[text.toLowerCase()];
      return value === undefined
        ? { problem: `must be true or false (or yes, no, on, off, 1, 0), not ${shown(setting, text)}` }
        : { value };
    }
    case 'addresses':
    case 'partitions':
    case 'share':
    case 'choice':
    case 'text':
    case 'secret':
    case 'file':
      return checkValue(setting, text);
  }
}

/** Checks a setting as a configuration file has it. */
export function checkValue(setting: Setting, value: unknown): Parsed {
  switch (setting.kind) {
    case 'integer':
      return checkInteger(setting, value);
    case 'boolean':
      return typeof value === 'boolean'
        ? { value }
        : { problem: `must be true or false, not ${shown(setting, value)}` };
    case 'choice': {
      const choices = setting.choices ?? [];
      if (typeof value === 'string' && choices.includes(value)) return { value };
      return {
        problem: `must be ${choices.map((choice) => `'${choice}'`).join(' or ')}, not ${shown(setting, value)}`,
      };
    }
    case 'addresses':
      return checkAddresses(setting, value);
    case 'partitions':
      return checkPartitions(setting, value);
    case 'share':
      return checkShare(setting, value);
    case 'text':
    case 'secret':
    case 'file':
      return typeof value === 'string' && value !== ''
        ? { value }
        : { problem: `must be text, not ${shown(setting, value)}` };
  }
}

function checkInteger(setting: Setting, value: unknown): Parsed {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, unit } = setting;
  if (Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum) return { value };
  const most = setting.maximum === undefined ? '' : ` and at most ${maximum}`;
  return {
    problem: `must be a whole number${unit === undefined ? '' : ` of ${unit}`}, at least ${minimum}${most}, not ${shown(setting, value)}`,
  };
}

function checkAddresses(setting: Setting, value: unknown): Parsed {
  const addresses = typeof value === 'string' ? value.split(',').map((address) => address.trim()) : value;
  if (!Array.isArray(addresses) || addresses.length === 0)
    return {
      problem: `must be addresses such as 'localhost:9092,other:9092' or a list of them, not ${shown(setting, value)}`,
    };
  const wrong = (addresses as unknown[]).filter((address) => parseAddress(address) === undefined);
  return wrong.length === 0
    ? { value: [...(addresses as string[])] }
    : {
        problem: `must be addresses such as localhost:9092, which ${wrong.map((each) => shown(setting, each)).join(' and ')} is not`,
      };
}

function checkPartitions(setting: Setting, value: unknown): Parsed {
  const text = Array.isArray(value) ? value.map(String).join(',') : value;
  if (typeof text !== 'string')
    return { problem: `must be ranges such as '0-11,14' or a list of numbers, not ${shown(setting, value)}` };
  try {
    return { value: parsePartitions(text) };
  } catch (error) {
    if (error instanceof ConfigError)
      return { problem: `does not name partitions: ${error.problems.join('; ')}` };
    throw error;
  }
}

function checkShare(setting: Setting, value: unknown): Parsed {
  if (typeof value !== 'string')
    return { problem: `must be text such as '0/3', not ${shown(setting, value)}` };
  try {
    parseShare(value);
    return { value };
  } catch (error) {
    if (error instanceof ConfigError) return { problem: `is not a share: ${error.problems.join('; ')}` };
    throw error;
  }
}

/** A value in a message: short, and never a secret. */
function shown({ kind }: Setting, value: unknown): string {
  if (kind === 'secret') return 'the value given';
  if (typeof value === 'string')
    return value === '' ? 'empty' : `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (isObject(value)) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
