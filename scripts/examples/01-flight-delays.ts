/**
 * The mean delay of flights by airport of origin: two topics joined by partition, running sums in a Store, results in a third topic.
 *
 *   airports ─┐  joined by partition: all records of an airport, of both topics,
 *             ├──► airportDelays ──► airport-delays        have its code as key, and so the same partition
 *   flights ──┘       │    ▲
 *                     ▼    │
 *                     Store: airport code → running sums
 *
 *   npm start                                        on an embedded Kafka cluster in this process
 *   npm start -- --brokers localhost:9092            on yours: run it twice, append flights, kill it, run it again
 *   npm start -- --help
 */
import { TopicProcessor, type Middleware } from 'kasper-ts';
import { count } from '../../source/cli/figures.ts';
import { reportProgress } from '../../source/cli/run-progress.ts';
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
  if (options.from === 'earliest') await startOver(job);
  const store = await restoreStore(job);
  if (store.size > 0) console.log(`restored ${count(store.size)} airports from ${topics.delays}`);

  // The job itself.
  let bytes = 0;
  const countBytes: Middleware = (next) => async (messages, sender, context) => {
    await next(messages, sender, context);
    for (const message of messages) bytes += message.bytes;
  };
  const processor = new TopicProcessor(
    {
      topicProcessorName: name,
      client: { brokers },
      inputTopics,
      inputPartitions: partitions,
      batchSize: options.batchSize,
      stores: { delays: store },
      middleware: [countBytes],
    },
    airportDelays(topics),
  );

  // To the end of what is there now. After each batch its results are sent, and acked, before its offsets are committed.
  const endReport = reportProgress(processor, progress, true);
  const summary = await processor.runToEnd({ signal: shutdown.signal }).finally(endReport);

  // The result.
  if (summary.records === 0 && !shutdown.requested)
    console.log(
      '0 new records: earlier runs have counted them all. To count them again, add --from earliest',
    );
  console.log(`\n${worstAirportsTable([...store.entries()].map(([, value]) => decode(value)))}\n`);
  if (summary.records > 0) console.log(rates(summary, bytes));
  console.log(committedTable(name, summary));
  if (shutdown.requested) console.log('Stopped before the end: these are the results so far.');
});

// expected: The worst airports to start from, of those with at least 50 flights
