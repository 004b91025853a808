import type { ExecutionContext } from 'ava';
import { runChild, startChild, type Child } from '../cli/child.ts';
import {
  readAirports,
  readFlights,
  type Airport,
  type Flight,
} from '../../scripts/examples/flight-delays/input.ts';

const program = 'scripts/examples/01-flight-delays';

/** What one run of the program came to. */
export interface FlightDelays {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of the table of airports. */
  readonly worst: readonly string[];
}

/** Runs the main example to its end. */
export async function flightDelays(t: ExecutionContext, argv: readonly string[] = []): Promise<FlightDelays> {
  const outcome = await runChild(t, program, argv);
  return { ...outcome, worst: worstOf(outcome.stdout) };
}

/** Starts the main example. */
export function startFlightDelays(t: ExecutionContext, argv: readonly string[]): Child {
  return startChild(t, program, argv);
}

/** The lines of the table, with single spaces. */
export function worstOf(stdout: string): string[] {
  const [, table = ''] = / Mean \(min\)\n((?: +\d+ .*\n)+)/.exec(stdout) ?? [];
  return table
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.trim().replaceAll(/ {2,}/g, ' '));
}

/** The same table by a plain loop over the files. */
export async function plainLoop(more: readonly Flight[] = []): Promise<string[]> {
  const airports = new Map<string, Airport>();
  for (const airport of await readAirports()) airports.set(airport.iata, airport);
  const sums = new Map<string, { flights: bigint; delay: bigint }>();
  for (const { origin, delay } of [...(await readFlights()), ...more]) {
    const sum = sums.get(origin) ?? { flights: 0n, delay: 0n };
    sums.set(origin, { flights: sum.flights + 1n, delay: sum.delay + BigInt(delay) });
  }
  return [...sums]
    .filter(([, { flights }]) => flights >= 50n)
    .sort(([codeA, a], [codeB, b]) => {
      const difference = b.delay * a.flights - a.delay * b.flights;
      return difference === 0n ? codeA.localeCompare(codeB, 'en') : difference > 0n ? 1 : -1;
    })
    .slice(0, 10)
    .map(([code, { flights, delay }], at) => {
      const airport = airports.get(code);
      const mean = (Number(delay) / Number(flights)).toFixed(2);
      return `${at + 1} ${code} ${airport?.name ?? ''} ${airport?.city ?? ''} ${flights} ${mean}`;
    });
}
