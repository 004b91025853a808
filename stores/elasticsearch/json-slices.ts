/**
 * Finds values in JSON text without decoding them. A document comes back with the bytes that were
 * stored, so numbers beyond 2^53, the order of fields, and names such as `__proto__` are kept.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The fields of an object, with their values as they are in the text. @throws SyntaxError if the
 * text is not an object, or is cut off
 */
export function fieldsOf(json: Buffer): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  eachField(json, 0, (name, from) => {
    const to = skipValue(json, from);
    fields.set(name, json.subarray(from, to));
    return to;
  });
  return fields;
}

/**
 * For one field of an object, which is an array of objects: the wanted fields of each of these, as
 * they are in the text. The text is read once.
 *
 * @throws SyntaxError if the text is something else, or is cut off
 */
export function objectsOf(json: Buffer, array: string, wanted: readonly string[]): Map<string, Buffer>[] {
  const objects: Map<string, Buffer>[] = [];
  eachField(json, 0, (name, from) => {
    if (name !== array) return skipValue(json, from);
    return eachElement(json, from, (elementFrom) => {
      const fields = new Map<string, Buffer>();
      objects.push(fields);
      return eachField(json, elementFrom, (field, fieldFrom) => {
        const to = skipValue(json, fieldFrom);
        if (wanted.includes(field)) fields.set(field, json.subarray(fieldFrom, to));
        return to;
      });
    });
  });
  return objects;
}

/**
 * Reads an object from where it begins; `onField` returns where its value ends. Returns where the
 * object ends.
 */
function eachField(json: Buffer, from: number, onField: (name: string, from: number) => number): number {
  let at = expect(json, skipSpace(json, from), OPEN_BRACE);
  const first = skipSpace(json, at);
  if (json[first] === CLOSE_BRACE) return first + 1;
  for (;;) {
    const nameFrom = skipSpace(json, at);
    const nameTo = skipString(json, nameFrom);
    const valueFrom = skipSpace(json, expect(json, skipSpace(json, nameTo), COLON));
    at = skipSpace(json, onField(textOf(json, nameFrom, nameTo), valueFrom));
    if (json[at] === CLOSE_BRACE) return at + 1;
    at = expect(json, at, COMMA);
  }
}

/** Reads an array in the same way. */
function eachElement(json: Buffer, from: number, onElement: (from: number) => number): number {
  let at = expect(json, skipSpace(json, from), OPEN_BRACKET);
  const first = skipSpace(json, at);
  if (json[first] === CLOSE_BRACKET) return first + 1;
  for (;;) {
    at = skipSpace(json, onElement(skipSpace(json, at)));
    if (json[at] === CLOSE_BRACKET) return at + 1;
    at = expect(json, at, COMMA);
  }
}

/**
 * Names that Elasticsearch itself gives have no escapes: what is between the quotation marks is the
 * text.
 */
function textOf(json: Buffer, from: number, to: number): string {
  const text = json.toString('utf8', from + 1, to - 1);
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
}

function skipValue(json: Buffer, from: number): number {
  const first = json[from];
  if (first === QUOTE) return skipString(json, from);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(json, from);
  let at = from;
  for (let byte = json[at]; byte !== undefined && !endsScalar(byte); byte = json[at]) at++;
  if (at === from || at === json.length) throw cutOff(at);
  return at;
}

/**
 * Braces and brackets need not be distinguished: the server writes JSON that is well-formed, or cut
 * off.
 */
function skipNested(json: Buffer, from: number): number {
  let depth = 0;
  let at = from;
  while (at < json.length) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = skipString(json, at);
      continue;
    }
    at++;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at;
  }
  throw cutOff(at);
}

function skipString(json: Buffer, from: number): number {
  let at = expect(json, from, QUOTE);
  while (at < json.length) {
    const byte = json[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  throw cutOff(at);
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  for (let byte = json[at]; byte !== undefined && isSpace(byte); byte = json[at]) at++;
  return at;
}

function expect(json: Buffer, at: number, byte: number): number {
  if (json[at] === byte) return at + 1;
  if (at >= json.length) throw cutOff(at);
  throw new SyntaxError(
    `JSON has '${String.fromCharCode(json[at] ?? 0)}' at ${at}, not '${String.fromCharCode(byte)}'`,
  );
}

function cutOff(at: number): SyntaxError {
  return new SyntaxError(`JSON is cut off at ${at}`);
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

function endsScalar(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}
