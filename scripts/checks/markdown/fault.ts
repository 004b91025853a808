/** What is wrong at a place of a page. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Prints all faults, a line each in the order of pages and lines; the process exits with code 1 then. */
export function reportFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const sorted = faults.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  for (const { path, line, message } of sorted) console.error(`${path}:${line}: ${message}`);
  process.exitCode = 1;
}
