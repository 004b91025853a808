/**
 * Whether a function that must answer immediately gave a promise, as an async one does. The caller
 * refuses it, so nobody waits for it: what it rejects with must not end the process beside that.
 */
export function isRefusedPromise(given: unknown): boolean {
  if (!(given instanceof Promise)) return false;
  given.catch(() => undefined);
  return true;
}
