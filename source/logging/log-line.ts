/** An entry as winston's formats hand it on; `time` was added by its timestamp format. */
type Entry = Readonly<Record<string, unknown>>;

/** Time, level, label and message first, then the fields in their order. */
export function jsonLine({ time, level, message, ...rest }: Entry, label?: string): string {
  return JSON.stringify({
    time,
    level,
    ...(label === undefined ? {} : { label }),
    message,
    ...fieldsOf(rest, label),
  });
}

/**
 * `2026-01-31T12:00:00.000Z info  [label] Message name=value name="a value with spaces"`, always
 * one line.
 */
export function textLine({ time, level, message, ...rest }: Entry, label?: string): string {
  const fields = Object.entries(fieldsOf(rest, label)).map(([name, value]) => ` ${name}=${show(value)}`);
  const title = label === undefined ? '' : `[${oneLine(label)}] `;
  return `${String(time)} ${String(level).padEnd(5)} ${title}${oneLine(String(message))}${fields.join('')}`;
}

/** A field named `label` keeps its value beside the label of the logger. */
function fieldsOf({ timestamp: _alias, ...fields }: Entry, label: string | undefined): Entry {
  if (label === undefined || !('label' in fields)) return fields;
  const { label: value, ...others } = fields;
  return { ...others, label_: value };
}

function show(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A line break in what was logged must not look like a new entry. */
function oneLine(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
