import { groupIdOf, type RunSummary } from 'kasper-ts';
import { count, counted, duration, perSecond } from '../../../source/cli/terminal/figures.ts';
import type { AirportDelays } from './airport-delays.ts';

/** Airports with fewer flights say little. */
const FEWEST_FLIGHTS = 50;
const SHOWN = 10;

/** The airports with the highest mean delay, worst first; equal means by code. */
export function worstAirports(airports: Iterable<AirportDelays>): AirportDelays[] {
  return (
    [...airports]
      .filter(({ flights }) => flights >= FEWEST_FLIGHTS)
      // a.total/a.flights against b.total/b.flights, in whole numbers: a quotient is rounded, and
      // might call equal what is not.
      .sort((a, b) => b.totalDelay * a.flights - a.totalDelay * b.flights || (a.airport < b.airport ? -1 : 1))
      .slice(0, SHOWN)
  );
}

/** The result: a line for each of the worst airports. */
export function worstAirportsTable(airports: Iterable<AirportDelays>): string {
  const rows = worstAirports(airports).map(({ airport, name, city, flights, totalDelay }, at) => [
    String(at + 1),
    airport,
    name ?? '(not known yet)',
    city ?? '',
    count(flights),
    (totalDelay / flights).toFixed(2),
  ]);
  const heads = ['#', 'Code', 'Airport', 'City', 'Flights', 'Mean (min)'];
  const title = `The worst airports to start from, of those with at least ${FEWEST_FLIGHTS} flights:`;
  return rows.length === 0
    ? `No airport has ${FEWEST_FLIGHTS} flights yet.`
    : `${title}\n${table([heads, ...rows], [true, false, false, false, true, true])}`;
}

/**
 * How much was done in which time: that from the first batch on, since a start waits for a second
 * to see who else has the partitions.
 */
export function rates({ records, batches, sent }: RunSummary, bytes: number, busyMs: number): string {
  const megabytes = busyMs > 0 ? bytes / 1e6 / (busyMs / 1000) : 0;
  return (
    `${counted(records, 'record')} in ${counted(batches, 'batch')} in ${duration(busyMs)}: ` +
    `${perSecond(records, busyMs)}, ${megabytes.toFixed(1)} MB/s; ${counted(sent, 'result')} sent`
  );
}

/** A line for each topic, a column for each partition. */
export function committedTable(name: string, { partitions }: RunSummary): string {
  const numbers = [...new Set(partitions.map(({ partition }) => partition))];
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  const rows = topics.map((topic) => [
    topic,
    ...numbers.map((number) =>
      count(partitions.find((each) => each.topic === topic && each.partition === number)?.end ?? 0),
    ),
  ]);
  const heads = ['partition', ...numbers.map(String)];
  const title = `The next offsets to read, committed under ${groupIdOf(name)}:`;
  return `${title}\n${table([heads, ...rows], [false, ...numbers.map(() => true)])}`;
}

function table(rows: readonly string[][], alignRight: readonly boolean[]): string {
  const widths = alignRight.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) =>
        alignRight[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `  ${line}`).join('\n');
}
