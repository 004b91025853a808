/** A value that an answer must hold. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The answer holds less than was asked for');
  return value;
}
