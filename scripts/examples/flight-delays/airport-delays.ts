import type { ConsumerMessage, MessageProcessor } from 'kasper-ts';
import type { Store } from 'kasper-ts/stores';
import type { Airport, Flight } from './input.ts';
import type { Topics } from './topics.ts';

/** All that is known of an airport: the value in the Store, and the record in the results. */
export interface AirportDelays {
  readonly airport: string;
  /** null until the airport's own record has come: flights may come first. */
  readonly name: string | null;
  readonly city: string | null;
  readonly flights: number;
  /**
   * Minutes of all flights together. Whole numbers: no order of adding them up gives another sum.
   */
  readonly totalDelay: number;
  readonly meanDelay: number | null;
  /**
   * For each input partition, such as `flights/2`, the next offset that is not in here yet. A crash
   * between the results and the commit makes records come again; this is how they are known, and
   * counted once.
   */
  readonly applied: Readonly<Record<string, number>>;
}

/**
 * Joins airports and flights, and sends one record for every airport that a batch speaks of. The
 * Store holds the same under the airport's code.
 */
export function airportDelays(topics: Topics): MessageProcessor<{ readonly delays: Store }> {
  return {
    async process(messages, sender, { stores }) {
      // One call for all airports of the batch, instead of one for each message.
      const codes = new Set(messages.map(codeOf));
      const stored = await stores.delays.getAll([...codes]);
      const known = new Map<string, AirportDelays>();
      for (const code of codes) {
        const value = stored.get(code);
        known.set(code, value === undefined ? unseen(code) : decode(value));
      }

      for (const message of messages) {
        const code = codeOf(message);
        known.set(code, apply(known.get(code) ?? unseen(code), message, topics));
      }

      const results = new Map([...known].map(([code, delays]) => [code, encode(delays)]));
      await stores.delays.putAll(results);
      // Sent even where every message was known already: the batch that knew them may have failed
      // before its records were out.
      for (const [key, value] of results) sender.send({ topic: topics.delays, key, value });
    },
  };
}

/** What is known of an airport after one more message. */
export function apply(before: AirportDelays, message: ConsumerMessage, topics: Topics): AirportDelays {
  const from = `${message.topic}/${message.partition}`;
  if (message.offset < (before.applied[from] ?? 0)) return before;
  const applied = { ...before.applied, [from]: message.offset + 1 };

  if (message.topic === topics.airports) {
    const { name, city } = parse<Airport>(message, (value) => typeof value.name === 'string');
    return { ...before, name, city, applied };
  }
  const { delay } = parse<Flight>(message, (value) => Number.isInteger(value.delay));
  const flights = before.flights + 1;
  const totalDelay = before.totalDelay + delay;
  return { ...before, flights, totalDelay, meanDelay: totalDelay / flights, applied };
}

export function unseen(airport: string): AirportDelays {
  return { airport, name: null, city: null, flights: 0, totalDelay: 0, meanDelay: null, applied: {} };
}

export function encode(delays: AirportDelays): Buffer {
  return Buffer.from(JSON.stringify(delays));
}

export function decode(value: Buffer): AirportDelays {
  return JSON.parse(value.toString()) as AirportDelays;
}

function codeOf(message: ConsumerMessage): string {
  if (message.keyText === null || message.keyText === '') throw unfit(message, 'it has no key');
  return message.keyText;
}

/**
 * Topics are open to every producer: what does not fit stops the job here, by name, before it
 * spoils a sum.
 */
function parse<T>(message: ConsumerMessage, fits: (value: Partial<T>) => boolean): T {
  let value: unknown;
  try {
    value = JSON.parse(message.valueText ?? 'null');
  } catch (error) {
    throw unfit(message, `its value is no JSON: ${String(error)}`);
  }
  if (typeof value !== 'object' || value === null || !fits(value)) throw unfit(message, 'fields are missing');
  return value as T;
}

function unfit({ topic, partition, offset }: ConsumerMessage, why: string): Error {
  return new Error(`${topic}/${partition} offset ${offset} is not what this job reads: ${why}`);
}
