import { writeSync } from 'node:fs';

/** What one run of one contender cost. */
export interface Measurement {
  readonly records: number;
  /** Wall clock from the first call to the last commit or ack. */
  readonly seconds: number;
  /** User and system time of the whole process in that span. */
  readonly cpuSeconds: number;
  /** The most resident memory that the process ever had. */
  readonly peakMegabytes: number;
}

/**
 * Measures `work` in this process, which does nothing else, and writes the result as a line of
 * JSON.
 */
export async function measureAndPrint(work: () => Promise<number>): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const records = await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const measurement: Measurement = {
    records,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
  writeSync(1, `${JSON.stringify(measurement)}\n`);
}

/** The arguments that every contender is given. */
export function contenderArguments() {
  const [job, broker, input, output, partitions, records] = process.argv.slice(2);
  if (
    (job !== 'consume' && job !== 'copy') ||
    broker === undefined ||
    input === undefined ||
    output === undefined
  ) {
    throw new Error('Usage: CONTENDER consume|copy BROKER INPUT-TOPIC OUTPUT-TOPIC PARTITIONS RECORDS');
  }
  return { job, broker, input, output, partitions: Number(partitions), records: Number(records) } as const;
}
