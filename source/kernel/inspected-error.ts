import { inspect, type InspectOptions } from 'node:util';
import { causeOf } from './causes.ts';
import { isObject } from './is-object.ts';
import { messageOf, nameOf, stackOf, textOf } from './thrown-text.ts';

/** What the first line has, or what is printed last. */
const NOT_FIELDS: readonly string[] = ['name', 'message', 'stack', 'cause'];

/** Of a list no more than this many entries are printed. */
const MOST_ENTRIES = 3;

/** Those that are being printed, since an error may be among its own causes. */
const shown = new Set<Error>();

/**
 * An error of ours as `console.error` shows it, and Node when nobody catches it: a text whose length
 * does not grow with the number of partitions or messages. Frames of the call stack are left out
 * where there is a cause, since its own lead to the code that threw.
 */
export function inspectedError(error: Error, options: InspectOptions): string {
  if (shown.has(error)) return `[Circular ${nameOf(error)}]`;
  shown.add(error);
  try {
    const cause = causeOf(error);
    // Also those that are not listed, since Node would print them in full.
    const names = Object.getOwnPropertyNames(error).filter((name) => !NOT_FIELDS.includes(name));
    const fields = names.flatMap((name) => fieldText(name, Reflect.get(error, name), options));
    if (cause !== undefined) fields.push(`[cause]: ${inspect(cause, options)}`);
    const head = cause instanceof Error ? textOf(error) : stackOf(error);
    const body = fields.map((field) => `  ${field.replaceAll('\n', '\n  ')}`).join(',\n');
    return fields.length === 0 ? head : `${head} {\n${body}\n}`;
  } finally {
    shown.delete(error);
  }
}

/** Nothing for what says nothing. */
function fieldText(name: string, value: unknown, options: InspectOptions): string[] {
  if (value === undefined || value === false) return [];
  if (!Array.isArray(value)) return [`${name}: ${inspect(value, { ...options, depth: 0 })}`];
  if (value.length === 0) return [];
  const entries = (value as unknown[]).slice(0, MOST_ENTRIES).map((entry) => entryText(entry, options));
  if (value.length > MOST_ENTRIES) entries.push(`… ${value.length - MOST_ENTRIES} more`);
  return [`${name}: [\n${entries.map((entry) => `  ${entry}`).join(',\n')}\n]`];
}

function entryText(entry: unknown, options: InspectOptions): string {
  if (entry instanceof Error) return textOf(entry);
  // A message that failed, in a BatchError.
  if (isObject(entry) && isObject(entry['message'])) {
    const { topic, partition, offset } = entry['message'];
    return `${textOf(topic)}/${textOf(partition)} offset ${textOf(offset)}: ${messageOf(entry['error'])}`;
  }
  return inspect(entry, { ...options, depth: 0, breakLength: Infinity });
}
