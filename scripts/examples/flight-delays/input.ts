import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { TextRecord } from '../cluster.ts';

/** An airport, as airports.csv has it. */
export interface Airport {
  readonly iata: string;
  readonly name: string;
  readonly city: string;
}

/** A flight, as flights-20k.json has it. */
export interface Flight {
  readonly date: string;
  /** Airport codes. */
  readonly origin: string;
  readonly destination: string;
  /** Minutes; below zero for an early arrival. */
  readonly delay: number;
  /** Miles. */
  readonly distance: number;
}

/** All airports of the United States, some 3,400. */
export async function readAirports(): Promise<Airport[]> {
  return parse<Airport>(await readData('airports.csv'), { columns: true });
}

/** 20,000 flights of the year 2001. */
export async function readFlights(): Promise<Flight[]> {
  return JSON.parse(await readData('flights-20k.json')) as Flight[];
}

/**
 * Both topics are keyed by airport: an airport by its own code, a flight by where it starts. Equal
 * keys go to equal partitions, so that a job that reads partition 2 of both has every flight of its
 * airports.
 */
export const airportRecord = (airport: Airport): TextRecord => ({
  key: airport.iata,
  value: JSON.stringify(airport),
});
export const flightRecord = (flight: Flight): TextRecord => ({
  key: flight.origin,
  value: JSON.stringify(flight),
});

/** The files come with the package vega-datasets, beside what it exports. */
function readData(name: string): Promise<string> {
  return readFile(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')), 'utf8');
}
