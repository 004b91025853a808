import { readFileSync, writeSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/** What a run found, by which it is verified: `bytes`, `total`. */
export type Sums = Readonly<Record<string, number>>;

/** What one run of one contender cost. */
export interface Measurement {
  readonly records: number;
  /** Wall clock from the first call to the last commit or ack. */
  readonly seconds: number;
  /** User and system time of the whole process in that span. */
  readonly cpuSeconds: number;
  /** The most resident memory that the process ever had. */
  readonly peakMegabytes: number;
  /** The share of that span, 0 to 1, in which the garbage collector had stopped the program. */
  readonly collectorShare: number;
  readonly sums: Sums;
}

/**
 * Measures `work` in this process, which does nothing else, and writes the result as a line of
 * JSON. `work` returns how many records it processed; `sums` is asked after it.
 */
export async function measureAndPrint(
  work: () => Promise<number>,
  sums: () => Sums = () => ({}),
): Promise<void> {
  let collectorMs = 0;
  const collect = (entries: readonly { readonly duration: number }[]) => {
    for (const { duration } of entries) collectorMs += duration;
  };
  const observer = new PerformanceObserver((list) => {
    collect(list.getEntries());
  });
  observer.observe({ entryTypes: ['gc'] });
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const records = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  collect(observer.takeRecords());
  observer.disconnect();
  const measurement: Measurement = {
    records,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: peakMegabytes(),
    collectorShare: collectorMs / 1000 / seconds,
    sums: sums(),
  };
  writeSync(1, `${JSON.stringify(measurement)}\n`);
}

/**
 * On Linux the kernel's own mark for this program. What getrusage reports begins with the memory of
 * the process that started this one.
 */
function peakMegabytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024;
  const [, kilobytes = NaN] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}
