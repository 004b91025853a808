/** What `read` returns, or `fallback` where it throws: getters and proxies of others may. */
export function readOr<Value>(fallback: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    return fallback;
  }
}
