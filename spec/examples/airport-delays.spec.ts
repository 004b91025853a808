import test from 'ava';
import fc from 'fast-check';
import type { ConsumerMessage } from 'kasper-ts';
import { consumerMessage } from 'kasper-ts/testing';
import { apply, unseen, type AirportDelays } from '../../scripts/examples/flight-delays/airport-delays.ts';
import { worstAirports } from '../../scripts/examples/flight-delays/report.ts';
import { topicNames } from '../../scripts/examples/flight-delays/topics.ts';

const topics = topicNames('');

function message(topic: string, offset: number, value: object): ConsumerMessage {
  return consumerMessage({ topic, partition: 2, offset, key: 'JFK', value: JSON.stringify(value) });
}

const fold = (messages: readonly ConsumerMessage[]) =>
  messages.reduce((before, each) => apply(before, each, topics), unseen('JFK'));

test('any interleaving of the two topics, with any repeats of what was seen, gives the same', (t) => {
  const delays = fc.array(fc.integer({ min: -60, max: 600 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(delays, fc.nat(30), fc.infiniteStream(fc.nat(30)), (minutes, airportAt, jumps) => {
      const flights = minutes.map((delay, offset) => message(topics.flights, offset, { delay }));
      const airport = message(topics.airports, 7, { name: 'John F Kennedy Intl', city: 'New York' });
      const inOrder = flights.toSpliced(airportAt % (flights.length + 1), 0, airport);
      const straight = fold(inOrder);
      t.is(
        straight.totalDelay,
        minutes.reduce((sum, delay) => sum + delay, 0),
      );
      t.is(straight.flights, minutes.length);
      t.is(straight.name, 'John F Kennedy Intl');

      // As after a crash: now and then it goes back, and everything from there comes again.
      const withRepeats = inOrder.flatMap((_, at) => {
        const from = Math.max(0, at - (jumps.next().value ?? 0));
        return inOrder.slice(from, at + 1);
      });
      t.deepEqual(fold(withRepeats), straight);
    }),
  );
});

test('airports are ordered by the exact mean, then by code; few flights do not count', (t) => {
  const make = (airport: string, flights: number, totalDelay: number): AirportDelays => ({
    ...unseen(airport),
    flights,
    totalDelay,
  });
  const worst = worstAirports([
    make('CCC', 60, 600),
    make('AAA', 49, 49_000),
    make('BBB', 120, 1200),
    make('EEE', 300, 100),
    make('DDD', 299, 100),
  ]);
  t.deepEqual(
    worst.map(({ airport }) => airport),
    ['BBB', 'CCC', 'DDD', 'EEE'],
  );
});
