/** An entry as winston's formats hand it on; `time` was added by its timestamp format. */
type Entry = Readonly<Record<string, unknown>>;

/** Time, level and message first, then the fields in their order. */
export function jsonLine({ time, level, message, ...rest }: Entry): string {
  return JSON.stringify({ time, level, message, ...fieldsOf(rest) });
}

/** `2026-01-31T12:00:00.000Z info  Message name=value name="a value with spaces"`, always one line. */
export function textLine({ time, level, message, ...rest }: Entry): string {
  const fields = Object.entries(fieldsOf(rest)).map(([name, value]) => ` ${name}=${show(value)}`);
  return `${String(time)} ${String(level).padEnd(5)} ${oneLine(String(message))}${fields.join('')}`;
}

function fieldsOf({ timestamp: _alias, ...fields }: Entry): Entry {
  return fields;
}

function show(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}

/** A line break in what was logged must not look like a new entry. */
function oneLine(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}
