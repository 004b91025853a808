/** Computes for this long: the event loop does not turn meanwhile. */
export function spin(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
