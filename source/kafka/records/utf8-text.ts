/** Beyond this many bytes the native decoder is faster. */
const SHORT = 16;

const text = String.fromCharCode;

/**
 * The UTF-8 text of the bytes from `start` to `end`. Keys are short and mostly ASCII: for those,
 * one `String.fromCharCode` with a fixed count of arguments takes about half the time of the native
 * decoder.
 */
export function utf8Text(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return '';
  if (length > SHORT) return bytes.toString('utf8', start, end);
  let bits = 0;
  for (let i = start; i < end; i++) bits |= bytes[i] ?? 0;
  return bits < 0x80 ? asciiText(bytes, start, length) : bytes.toString('utf8', start, end);
}

/**
 * 1 to 16 ASCII bytes. A loop that joins characters makes a rope, which each later hash or
 * comparison has to flatten.
 */
function asciiText(bytes: Buffer, at: number, length: number): string {
  const c0 = bytes[at] ?? 0;
  if (length === 1) return text(c0);
  const c1 = bytes[at + 1] ?? 0;
  if (length === 2) return text(c0, c1);
  const c2 = bytes[at + 2] ?? 0;
  if (length === 3) return text(c0, c1, c2);
  const c3 = bytes[at + 3] ?? 0;
  if (length === 4) return text(c0, c1, c2, c3);
  const c4 = bytes[at + 4] ?? 0;
  if (length === 5) return text(c0, c1, c2, c3, c4);
  const c5 = bytes[at + 5] ?? 0;
  if (length === 6) return text(c0, c1, c2, c3, c4, c5);
  const c6 = bytes[at + 6] ?? 0;
  if (length === 7) return text(c0, c1, c2, c3, c4, c5, c6);
  const c7 = bytes[at + 7] ?? 0;
  if (length === 8) return text(c0, c1, c2, c3, c4, c5, c6, c7);
  const c8 = bytes[at + 8] ?? 0;
  if (length === 9) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8);
  const c9 = bytes[at + 9] ?? 0;
  if (length === 10) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9);
  const c10 = bytes[at + 10] ?? 0;
  if (length === 11) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10);
  const c11 = bytes[at + 11] ?? 0;
  if (length === 12) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11);
  const c12 = bytes[at + 12] ?? 0;
  if (length === 13) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12);
  const c13 = bytes[at + 13] ?? 0;
  if (length === 14) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13);
  const c14 = bytes[at + 14] ?? 0;
  if (length === 15) return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14);
  const c15 = bytes[at + 15] ?? 0;
  return text(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15);
}
