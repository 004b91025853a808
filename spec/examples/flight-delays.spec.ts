import test, { type ExecutionContext } from 'ava';
import { openClient, silentLogger, TopicProcessor, type KafkaClient } from 'kasper-ts';
import { MapStore } from 'kasper-ts/stores';
import { sendRecords } from '../../scripts/examples/cluster.ts';
import {
  airportDelays,
  decode,
  type AirportDelays,
} from '../../scripts/examples/flight-delays/airport-delays.ts';
import {
  airportRecord,
  flightRecord,
  readAirports,
  readFlights,
  type Flight,
} from '../../scripts/examples/flight-delays/input.ts';
import { worstAirports } from '../../scripts/examples/flight-delays/report.ts';
import { prepareTopics, topicNames } from '../../scripts/examples/flight-delays/topics.ts';
import { startEmbedded, testOnEach } from '../_helpers/servers/clusters.ts';
import { randomName, type TestCluster } from '../_helpers/servers/services.ts';
import { flightDelays, plainLoop, startFlightDelays, worstOf } from './flight-delays-run.ts';

/** Flags for a cluster, with topics that no other spec uses. */
function flagsFor(cluster: Pick<TestCluster, 'brokers'>): { prefix: string; flags: string[] } {
  const prefix = `${randomName('flights')}.`;
  return { prefix, flags: ['--brokers', cluster.brokers.join(','), '--prefix', prefix] };
}

async function connect(t: ExecutionContext, brokers: readonly string[]): Promise<KafkaClient> {
  const client = openClient({ brokers: [...brokers] }, { logger: silentLogger });
  t.teardown(() => client.close());
  await client.connect();
  return client;
}

/** Flights that take an airport to the top of the table. */
const lateFlights = Array.from({ length: 60 }, (): Flight => ({
  date: '2001/04/01 12:00',
  delay: 1000,
  distance: 100,
  origin: 'ABE',
  destination: 'JFK',
}));

test('without arguments it starts a cluster and prints what a plain loop over the files finds', async (t) => {
  const { code, stdout, stderr, worst } = await flightDelays(t);
  t.is(code, 0);
  t.deepEqual(worst, await plainLoop());
  t.regex(stdout, /^Kafka: an embedded cluster of 3 nodes in this process\n/);
  t.regex(
    stdout,
    /\nloaded 3,376 records into airports, 4 partitions\nloaded 20,000 records into flights, 4 partitions\n/,
  );
  t.regex(stdout, /\n23,376 records in \d+ batches in .* s: [\d,]+\/s, \d+\.\d MB\/s; [\d,]+ results sent\n/);
  t.regex(stderr, /100% {2}23,376 of 23,376 records/);
});

testOnEach(
  'a second run finds nothing new and says so; flights that were appended are counted once',
  async (t, cluster) => {
    const { prefix, flags } = flagsFor(cluster);
    const first = await flightDelays(t, flags);
    t.is(first.code, 0, first.stderr);
    t.deepEqual(first.worst, await plainLoop());

    const second = await flightDelays(t, flags);
    t.is(second.code, 0, second.stderr);
    t.deepEqual(second.worst, first.worst);
    t.regex(
      second.stdout,
      /\n0 new records: earlier runs have counted them all\. To count them again, add --from earliest\n/,
    );
    t.true(second.stdout.includes(`found 3,376 records in ${prefix}airports, loaded nothing\n`));
    t.true(second.stdout.includes(`found 20,000 records in ${prefix}flights, loaded nothing\n`));
    t.true(second.stdout.includes(`restored 3,376 airports from ${prefix}airport-delays\n`));
    t.is(committedOf(second.stdout), committedOf(first.stdout));

    const client = await connect(t, cluster.brokers);
    await sendRecords(client, topicNames(prefix).flights, lateFlights.map(flightRecord));
    const third = await flightDelays(t, flags);
    t.regex(third.stdout, /\n60 records in \d+ batch(es)? in /);
    t.deepEqual(third.worst, await plainLoop(lateFlights));
    t.regex(third.worst[0] ?? '', /^1 ABE /);
    t.deepEqual((await flightDelays(t, flags)).worst, third.worst);
  },
);

testOnEach('--from earliest forgets the results and counts every record again, once', async (t, cluster) => {
  const { flags } = flagsFor(cluster);
  const first = await flightDelays(t, flags);
  const again = await flightDelays(t, [...flags, '--from', 'earliest']);
  t.is(again.code, 0, again.stderr);
  t.deepEqual(again.worst, first.worst);
  t.regex(again.stdout, /\n23,376 records in /);
  t.notRegex(again.stdout, /restored/);
  t.is(committedOf(again.stdout), committedOf(first.stdout));
});

testOnEach(
  'Ctrl-C finishes the batch in process; the next run continues from there to the same figures',
  async (t, cluster) => {
    const { flags } = flagsFor(cluster);
    const child = startFlightDelays(t, [...flags, '--batch-size', '10']);
    await child.until('stderr', /^ \d\d%/m);
    child.kill('SIGINT');
    t.deepEqual(await child.exited, { code: 0, signal: null });
    t.regex(child.stderr, /\nStopping: the batch in process is finished and committed first\n/);
    t.regex(child.stdout, /\nStopped before the end: these are the results so far\.\n$/);

    const rest = await flightDelays(t, flags);
    t.is(rest.code, 0, rest.stderr);
    t.deepEqual(rest.worst, await plainLoop());
    t.is(countOf(child.stdout) + countOf(rest.stdout), 23_376);
  },
);

testOnEach('however often it is killed, every flight is counted once', async (t, cluster) => {
  const { flags } = flagsFor(cluster);
  for (const tenth of [1, 3, 2]) {
    // Batches so small that a run lasts longer than it takes to show how far it is.
    const child = startFlightDelays(t, [...flags, '--batch-size', '10']);
    await child.until('stderr', new RegExp(`^ [${tenth}-9]\\d%`, 'm'));
    child.kill('SIGKILL');
    t.deepEqual(await child.exited, { code: null, signal: 'SIGKILL' });
  }
  t.deepEqual((await flightDelays(t, flags)).worst, await plainLoop());
});

test('a second Ctrl-C exits at once with 130 although commits hang; the next run counts right', async (t) => {
  const cluster = await startEmbedded(t);
  const { flags } = flagsFor(cluster);
  const child = startFlightDelays(t, [...flags, '--batch-size', '10']);
  await child.until('stderr', /^ \d\d%/m);
  const hang = cluster.faults.delay({ api: 'OffsetCommit', ms: 4000, times: Infinity });
  child.kill('SIGINT');
  await child.until('stderr', /Still stopping; press Ctrl-C again to exit immediately/);
  child.kill('SIGINT');
  t.deepEqual(await child.exited, { code: 130, signal: null });
  t.is(worstOf(child.stdout).length, 0);
  hang.cancel();
  t.deepEqual((await flightDelays(t, flags)).worst, await plainLoop());
});

for (const last of ['airports', 'flights'] as const) {
  testOnEach(`with all ${last} after everything else the figures are the same`, async (t, cluster) => {
    const client = await connect(t, cluster.brokers);
    const { prefix } = flagsFor(cluster);
    const topics = topicNames(prefix);
    const partitionCount = await prepareTopics(client, topics, 4);
    const load = {
      airports: async () => sendRecords(client, topics.airports, (await readAirports()).map(airportRecord)),
      flights: async () => sendRecords(client, topics.flights, (await readFlights()).map(flightRecord)),
    };
    const delays = new MapStore();
    const runToEnd = () =>
      new TopicProcessor(
        {
          topicProcessorName: `${prefix}delays`,
          client: { brokers: [...cluster.brokers] },
          inputTopics: [topics.airports, topics.flights],
          inputPartitions: Array.from({ length: partitionCount }, (_, partition) => partition),
          stores: { delays },
        },
        airportDelays(topics),
      ).runToEnd();

    // The first is processed to its end before the other one is so much as written.
    await load[last === 'airports' ? 'flights' : 'airports']();
    await runToEnd();
    await load[last]();
    await runToEnd();

    const values: AirportDelays[] = [];
    for await (const [, value] of delays.entries()) values.push(decode(value));
    const worst = worstAirports(values);
    t.deepEqual(
      worst.map(
        ({ airport, name, city, flights, totalDelay }, at) =>
          `${at + 1} ${airport} ${name ?? ''} ${city ?? ''} ${flights} ${(totalDelay / flights).toFixed(2)}`,
      ),
      await plainLoop(),
    );
  });
}

test('results that are gone while their offsets are committed stop the job, and --from earliest mends it', async (t) => {
  const cluster = await startEmbedded(t);
  const { prefix, flags } = flagsFor(cluster);
  t.is((await flightDelays(t, flags)).code, 0);
  cluster.deleteTopic(`${prefix}airport-delays`);
  const without = await flightDelays(t, flags);
  t.is(without.code, 2);
  t.regex(
    without.stderr,
    /^error: Earlier results: the offsets say that \S+airports\/0 offsets 0 to \d+, .* are counted, but \S+airport-delays does not have them: start over with --from earliest\n$/,
  );
  const mended = await flightDelays(t, [...flags, '--from', 'earliest']);
  t.deepEqual(mended.worst, await plainLoop());
});

test('topics with other numbers of partitions end with 2 and what to do', async (t) => {
  const cluster = await startEmbedded(t);
  const { prefix, flags } = flagsFor(cluster);
  cluster.createTopic(`${prefix}airports`, { partitions: 3 });
  const asked = await flightDelays(t, [...flags, '--partitions', '8']);
  t.is(asked.code, 2);
  t.is(
    asked.stderr,
    `error: Topics: --partitions asks for 8, but ${prefix}airports has 3. Choose new topics with --prefix, or delete these\n`,
  );
  cluster.createTopic(`${prefix}flights`, { partitions: 2 });
  const unequal = await flightDelays(t, flags);
  t.is(unequal.code, 2);
  t.is(
    unequal.stderr,
    `error: Topics: the topics need equal numbers of partitions, but ${prefix}airports has 3, ${prefix}flights has 2. ` +
      'Choose new topics with --prefix, or delete these\n',
  );
});

test('a message that does not fit stops the job by its offset', async (t) => {
  const cluster = await startEmbedded(t);
  const { prefix, flags } = flagsFor(cluster);
  cluster.createTopic(`${prefix}flights`, { partitions: 1 });
  const client = await connect(t, cluster.brokers);
  await sendRecords(client, `${prefix}flights`, [{ key: 'JFK', value: '{"delay": "late"}' }]);
  const { code, stderr } = await flightDelays(t, flags);
  t.is(code, 1);
  t.regex(stderr, /flights\/0 offset 0 is not what this job reads: fields are missing/);
});

test('a Kafka that cannot be reached ends with 3 and says what to do', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1 });
  const [address = ''] = cluster.brokers;
  await cluster.close();
  const { code, stdout, stderr } = await flightDelays(t, ['--brokers', address]);
  t.is(code, 3);
  t.is(stdout, '');
  t.regex(
    stderr,
    new RegExp(
      `^error: .*ECONNREFUSED ${address}; nothing listens there: .*\\nIs Kafka running there\\? Without --brokers an embedded cluster is started\\.\\n$`,
    ),
  );
});

for (const [argv, stderr] of [
  ['--form earliest', "error: unknown option '--form'\n(Did you mean --from?)\n"],
  [
    '--from latest',
    "error: option '--from <offset>' argument 'latest' is invalid. Allowed choices are earliest.\n",
  ],
  [
    '--batch-size 0',
    "error: option '--batch-size <records>' argument '0' is invalid. It must be a whole number from 1.\n",
  ],
  [
    '--prefix a/b',
    "error: option '--prefix <text>' argument 'a/b' is invalid. It may have letters, digits, dots, dashes and underscores.\n",
  ],
] as const) {
  test(`${argv} is refused with 2`, async (t) => {
    const outcome = await flightDelays(t, argv.split(' '));
    t.is(outcome.code, 2);
    t.is(outcome.stdout, '');
    t.is(outcome.stderr, `${stderr}(see npm start -- --help)\n`);
  });
}

/** The offsets as the program printed them. */
function committedOf(stdout: string): string {
  const [, table = ''] = /The next offsets to read, committed under \S+:\n((?: .*\n)+)/.exec(stdout) ?? [];
  return table;
}

/** How many records the program says it processed. */
function countOf(stdout: string): number {
  const [, number = ''] = /\n([\d,]+) records? in /.exec(stdout) ?? [];
  return Number(number.replaceAll(',', ''));
}
