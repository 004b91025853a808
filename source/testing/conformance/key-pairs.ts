/**
 * Two keys that a store may take for one and the same: what they differ in completes "keys that
 * differ …".
 */
export interface KeyPair {
  readonly difference: string;
  readonly one: string;
  readonly other: string;
}

/** The keys of a pair follow a random beginning. */
export const keyPairs: readonly KeyPair[] = Object.freeze([
  { difference: 'in a blank at the end', one: 'x', other: 'x ' },
  { difference: 'in a slash at the end', one: 'x', other: 'x/' },
  { difference: 'in the number of slashes', one: 'a/b', other: 'a//b' },
  { difference: 'as paths do that lead to one place', one: '/a/../b', other: '/b' },
  { difference: 'in what an URL would decode', one: '%41', other: 'A' },
  { difference: 'as a form does: plus and blank', one: 'a+b', other: 'a b' },
  { difference: 'behind what would be the fragment of an URL', one: 'a#b', other: 'a#c' },
  { difference: 'behind what would be the query of an URL', one: 'a?b', other: 'a?c' },
  { difference: 'in small and capital letters', one: 'ÉcoleX', other: 'écolex' },
  { difference: 'in how an accent is written', one: '\u00e9', other: 'e\u0301' },
  { difference: 'in letters of another script', one: 'ключ', other: 'клюв' },
  { difference: 'in characters beyond the basic plane', one: '🔑', other: '🔒' },
  { difference: 'behind a line break', one: 'a\nb', other: 'a\nc' },
  { difference: 'behind a zero byte', one: 'a\0b', other: 'a\0c' },
  { difference: 'in the last of 500 bytes', one: `${'x'.repeat(459)}a`, other: `${'x'.repeat(459)}b` },
  { difference: 'as a pattern and what it fits do', one: 'a*', other: 'ab' },
  { difference: 'behind braces', one: '{a}1', other: '{a}2' },
  { difference: 'as texts of one number do', one: '-1', other: '-1.0' },
  { difference: 'in a backslash', one: 'a\\b', other: 'ab' },
  { difference: 'in a quotation mark', one: 'a"b', other: 'ab' },
]);
