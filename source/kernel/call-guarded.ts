/**
 * Calls a callback of the user, which may be asynchronous though nobody waits for it; hands what it
 * throws, or rejects with, to `onError`.
 */
export function callGuarded(callback: () => unknown, onError: (error: unknown) => void): void {
  try {
    const result = callback();
    if (result instanceof Promise) result.catch(onError);
  } catch (error) {
    onError(error);
  }
}
