/**
 * Keeps properties out of lists of an object's properties. For those of errors that grow with the
 * number of partitions, keys or messages: Node prints each listed property of an error that nobody
 * catches, five levels deep.
 */
export function unlisted<Owner extends object>(owner: Owner, ...names: readonly (keyof Owner)[]): void {
  for (const name of names) Object.defineProperty(owner, name, { enumerable: false });
}
