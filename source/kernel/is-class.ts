/** A class is a function that cannot be called; only its source shows which of the two it is. */
export function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}
