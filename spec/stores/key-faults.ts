import { posix } from 'node:path';

/**
 * What stores may do to keys, so that two become one: by what the two differ in, as the cases say
 * it.
 */
export const keyFaults: Readonly<Record<string, (key: string) => string>> = {
  'in a blank at the end': (key) => key.trimEnd(),
  'in a slash at the end': (key) => key.replace(/\/$/, ''),
  'in the number of slashes': (key) => key.replaceAll('//', '/'),
  'as paths do that lead to one place': (key) => posix.normalize(key),
  'in what an URL would decode': (key) => key.replaceAll('%41', 'A'),
  'as a form does: plus and blank': (key) => key.replaceAll('+', ' '),
  'behind what would be the fragment of an URL': (key) => key.replace(/#.*/s, ''),
  'behind what would be the query of an URL': (key) => key.replace(/\?.*/s, ''),
  'in small and capital letters': (key) => key.toLowerCase(),
  'in how an accent is written': (key) => key.normalize('NFC'),
  'in letters of another script': (key) => key.replace(/\p{Script=Cyrillic}/gu, '?'),
  'in characters beyond the basic plane': (key) => key.replace(/[\u{10000}-\u{10ffff}]/gu, '?'),
  'behind a line break': (key) => key.replace(/\n.*/s, ''),
  'behind a zero byte': (key) => key.split('\0')[0] ?? '',
  'in the last of 500 bytes': (key) => key.slice(0, 255),
  'as a pattern and what it fits do': (key) => key.replace(/\*$|b$/, ''),
  'behind braces': (key) => key.replace(/(\{.*\}).*/s, '$1'),
  'as texts of one number do': (key) => key.replace(/\.0$/, ''),
  'in a backslash': (key) => key.replaceAll('\\', ''),
  'in a quotation mark': (key) => key.replaceAll('"', ''),
};
