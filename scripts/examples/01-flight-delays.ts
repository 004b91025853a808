/**
 * The mean delay of flights by airport of origin: two topics joined by partition, running sums in a
 * Store, results in a third topic.
 *
 * airports ─┐ joined by partition: all records of an airport, of both topics, ├──► airportDelays
 * ──► airport-delays have its code as key, and so the same partition flights ──┘ │ ▲ ▼ │ Store:
 * airport code → running sums
 *
 * npm start on an embedded Kafka cluster in this process npm start -- --brokers localhost:9092 on
 * yours: run it twice, append flights, kill it, run it again npm start -- --store redis with the
 * Store in Redis, or in elasticsearch; --store-url says where npm start -- --help
 */
import { silentLogger, TopicProcessor, type Middleware } from 'kasper-ts';
import { count } from '../../source/cli/terminal/figures.ts';
import { openStores } from '../../source/cli/job/opened-stores.ts';
import { progressOf, reportProgress } from '../../source/cli/terminal/run-progress.ts';
import { storePlaceOf } from '../../source/cli/settings/store-flags.ts';
import { connectKafka } from './cluster.ts';
import { airportDelays, decode } from './flight-delays/airport-delays.ts';
import { restoreStore, startOver } from './flight-delays/earlier-results.ts';
import { airportRecord, flightRecord, readAirports, readFlights } from './flight-delays/input.ts';
import { readOptions } from './flight-delays/options.ts';
import { committedTable, rates, worstAirportsTable } from './flight-delays/report.ts';
import { loadTopic, prepareTopics, topicNames } from './flight-delays/topics.ts';
import { runProgram } from './program.ts';

const options = readOptions(process.argv);

await runProgram(async ({ shutdown, progress }) => {
  const place = storePlaceOf(options, process) ?? { kind: 'map' };
  await using kafka = await connectKafka(options.brokers);
  const { client, brokers } = kafka;
  console.log(`Kafka: ${kafka.what}`);

  // The input: loaded once, in any order, with any other producer beside us.
  const topics = topicNames(options.prefix);
  const partitionCount = await prepareTopics(client, topics, options.partitions);
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const airports = (await readAirports()).map(airportRecord);
  const flights = (await readFlights()).map(flightRecord);
  console.log(await loadTopic(client, topics.airports, partitionCount, airports));
  console.log(await loadTopic(client, topics.flights, partitionCount, flights));

  // What earlier runs left.
  const name = `${options.prefix}flight-delays`;
  const inputTopics = [topics.airports, topics.flights];
  const job = { name, client, brokers, inputTopics, partitions, resultTopic: topics.delays };
  const { signal } = shutdown;
  await using stores = await openStores(place, { topicProcessorName: name, logger: silentLogger, signal });
  const store = stores.store('delays');
  console.log(`Store: ${stores.what}`);
  if (options.from === 'earliest') await startOver(job, store);
  const codes = new Set(await restoreStore(job, store));
  if (codes.size > 0) console.log(`restored ${count(codes.size)} airports from ${topics.delays}`);

  // The job itself.
  let bytes = 0;
  let firstBatchAt: number | undefined;
  const takeNote: Middleware = (next) => async (messages, sender, context) => {
    firstBatchAt ??= performance.now();
    await next(messages, sender, context);
    for (const message of messages) {
      bytes += message.bytes;
      codes.add(message.keyText ?? '');
    }
  };
  const processor = new TopicProcessor(
    {
      topicProcessorName: name,
      client: { brokers },
      inputTopics,
      inputPartitions: partitions,
      batchSize: options.batchSize,
      stores: { delays: store },
      middleware: [takeNote],
    },
    airportDelays(topics),
  );

  // To the end of what is there now. After each batch its results are sent, and acked, before its
  // offsets are committed.
  const endReport = reportProgress(progressOf(processor), progress, { isBounded: true });
  const summary = await processor.runToEnd({ signal: shutdown.signal }).finally(endReport);

  // The result.
  if (summary.records === 0 && !shutdown.requested)
    console.log(
      '0 new records: earlier runs have counted them all. To count them again, add --from earliest',
    );
  const busyMs = performance.now() - (firstBatchAt ?? performance.now());
  const results = await store.getAll([...codes]);
  console.log(`\n${worstAirportsTable([...results.values()].map(decode))}\n`);
  if (summary.records > 0) console.log(rates(summary, bytes, busyMs));
  console.log(committedTable(name, summary));
  if (shutdown.requested) console.log('Stopped before the end: these are the results so far.');
});

// expected: The worst airports to start from, of those with at least 50 flights
