import type { InputShape } from './input-records.ts';
import { jsonNumber } from './jobs/json-values.ts';

const WORDS = 'order customer amount pending shipped paid berlin lisbon oslo 2026 2027 EUR true false '.split(
  ' ',
);

/**
 * The value of a key by its index, which all records of the key have: exactly that many bytes, which
 * a codec makes some four times smaller.
 */
export function inputValues({ valueBytes, value, keys }: InputShape): (index: number) => Buffer {
  const pool = Buffer.alloc(valueBytes + keys * 3);
  for (let at = 0, word = 1; at < pool.length; word = (word * 48_271) % 2_147_483_647)
    at += pool.write(`${WORDS[word % WORDS.length] ?? ''} ${word % 97} `, at, 'latin1');
  if (value === 'text') return (index) => pool.subarray(index * 3, index * 3 + valueBytes);
  const around = Buffer.byteLength(jsonValue(0, ''));
  return (index) =>
    Buffer.from(jsonValue(index, pool.toString('latin1', index, index + Math.max(0, valueBytes - around))));
}

/** A JSON object that takes as many bytes for each index. */
function jsonValue(index: number, text: string): string {
  return `{"n":${jsonNumber(index)},"active":true,"text":"${text}"}`;
}
