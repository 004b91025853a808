/**
 * Finds values in JSON text without decoding them: a document comes back with the bytes that were stored, so numbers beyond 2^53, the order of its fields and
 * names such as `__proto__` stay what they are.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The fields of an object, their values as they stand in the text. @throws SyntaxError where the text is no object, or cut off */
export function fieldsOf(json: Buffer): Map<string, Buffer> {
  const fields = new Map<string, Buffer>();
  let at = expect(json, skipSpace(json, 0), OPEN_BRACE);
  if (json[skipSpace(json, at)] === CLOSE_BRACE) return fields;
  for (;;) {
    const from = skipSpace(json, at);
    const nameEnd = skipString(json, from);
    const name: unknown = JSON.parse(json.toString('utf8', from, nameEnd));
    const valueFrom = skipSpace(json, expect(json, skipSpace(json, nameEnd), COLON));
    const valueTo = skipValue(json, valueFrom);
    fields.set(String(name), json.subarray(valueFrom, valueTo));
    at = skipSpace(json, valueTo);
    if (json[at] === CLOSE_BRACE) return fields;
    at = expect(json, at, COMMA);
  }
}

/** The elements of an array, as they stand in the text. @throws SyntaxError where the text is no array, or cut off */
export function elementsOf(json: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  let at = expect(json, skipSpace(json, 0), OPEN_BRACKET);
  if (json[skipSpace(json, at)] === CLOSE_BRACKET) return elements;
  for (;;) {
    const from = skipSpace(json, at);
    const to = skipValue(json, from);
    elements.push(json.subarray(from, to));
    at = skipSpace(json, to);
    if (json[at] === CLOSE_BRACKET) return elements;
    at = expect(json, at, COMMA);
  }
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

/** Braces and brackets need not be told apart: the server writes JSON that is well-formed, or cut off. */
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
