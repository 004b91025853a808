import test from 'ava';
import { TopicProcessor } from '../../source/index.ts';
import { ConfigError } from '../../source/kernel/errors.ts';
import { present } from '../_helpers/raw/present.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { initProducerId } from '../_helpers/raw/raw-produce.ts';
import { metadata } from '../_helpers/raw/raw-topics.ts';
import { kafkajsOn, startEmbedded } from '../_helpers/servers/embedded.ts';
import { keepingLogger } from '../kafka/kafkajs/test-client.ts';

/** The faults that met 200 requests of one API, with requests of another between them or not. */
async function faultsOf(t: Parameters<typeof startEmbedded>[0], seed: number, between: boolean) {
  const cluster = await startEmbedded(t, { journalEntries: 1_000 });
  const random = cluster.faults.random({ seed, rate: 0.2, kinds: ['fail', 'delay'], maxDelayMs: 2 });
  t.is(random.seed, seed);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  for (let i = 0; i < 200; i++) {
    await initProducerId(client);
    if (between) await metadata(client, []);
  }
  return cluster.journal.entries
    .filter(({ request }) => request?.api === 'InitProducerId')
    .map(({ faults }) => faults.join());
}

test('the same seed gives the same faults to the same requests, whatever comes between', async (t) => {
  const [first, second, other] = await Promise.all([
    faultsOf(t, 7, false),
    faultsOf(t, 7, true),
    faultsOf(t, 8, false),
  ]);
  t.deepEqual(second, first);
  t.notDeepEqual(other, first);
  const met = first.filter((faults) => faults !== '');
  t.true(met.length > 20 && met.length < 60, `${met.length} of 200 at a rate of 0.2`);
  t.true(met.some((fault) => fault.startsWith('random: fail')));
  t.true(met.some((fault) => fault.startsWith('random: delay')));
});

test('without a seed one is drawn, and logged', async (t) => {
  const { logger, lines } = keepingLogger();
  const cluster = await startEmbedded(t, { logger });
  const { seed } = cluster.faults.random();
  t.deepEqual(lines.at(-1)?.fields, { seed, rate: 0.05 });
});

test('a schedule is over after so many requests, or when it is cancelled', async (t) => {
  const cluster = await startEmbedded(t);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const short = cluster.faults.random({ rate: 1, kinds: ['fail'], times: 2 });
  const codes = [];
  for (let i = 0; i < 3; i++) codes.push((await initProducerId(client)).code === 0);
  t.deepEqual([short.hits, ...codes], [2, false, false, true]);
  cluster.faults.random({ rate: 1, kinds: ['fail'] }).cancel();
  t.is((await initProducerId(client)).code, 0);
});

test('a job gets through a random schedule without losing a record', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 3, topics: { in: 2, out: 1 } });
  const values = Array.from({ length: 200 }, (_, i) => `v${i}`);
  cluster.produce(
    'in',
    values.map((value) => ({ value })),
  );
  const random = cluster.faults.random({ rate: 0.1, maxDelayMs: 20 });
  t.log(`seed ${random.seed}`);
  const options = {
    topicProcessorName: 'copy',
    client: { brokers: cluster.brokers },
    inputTopics: ['in'],
    inputPartitions: [0, 1],
    batchSize: 5,
    claims: false,
  };
  await new TopicProcessor(options, {
    process(messages, sender) {
      for (const { key, value } of messages) sender.send({ topic: 'out', key, value });
    },
  }).runToEnd();
  t.true(random.hits > 0);
  const copied = new Set(cluster.records('out').map(({ valueText }) => valueText));
  t.is(copied.size, values.length);
});

test('bad schedules are refused with what is wrong', (t) =>
  startEmbedded(t).then((cluster) => {
    const message = (text: RegExp) => ({ instanceOf: ConfigError, message: text });
    t.throws(() => cluster.faults.random({ seed: -1, rate: 2 }), message(/seed[\s\S]*-1[\s\S]*rate[\s\S]*2/));
    t.throws(() => cluster.faults.random({ kinds: [] }), message(/kinds/));
    const misspelt = JSON.parse('{"apis":["Produse"]}') as { apis: ['Produce'] };
    t.throws(() => cluster.faults.random(misspelt), message(/Produse/));
  }));

test('the journal has the last requests in their order, what they were about, and which fault met them', async (t) => {
  const cluster = await startEmbedded(t, { topics: { words: 1 }, journalEntries: 3 });
  t.is(cluster.journal.toString(), '');
  const producer = kafkajsOn(cluster).producer({ retry: { initialRetryTime: 10 } });
  t.teardown(() => producer.disconnect());
  await producer.connect();
  cluster.faults.drop({ api: 'Produce', when: 'after' });
  await producer.send({ topic: 'words', messages: [{ value: 'a' }] });
  cluster.faults.expireProducers('words', 0);
  const { entries } = cluster.journal;
  t.is(entries.length, 3);
  t.deepEqual(
    entries.slice(1).map(({ request, faults }) => [request?.api, request?.about, request?.end, faults]),
    [
      ['Produce', 'words/0', 'answered', []],
      [undefined, undefined, undefined, ['expire producers of words/0']],
    ],
  );
  t.deepEqual(
    entries.map(({ number }) => number - (entries[0]?.number ?? 0)),
    [0, 1, 2],
  );
  t.regex(
    cluster.journal.toString(),
    /\n\d+ \d+\.\d{3} s node 1 127\.0\.0\.1:\d+ \(spec\) Produce v7 words\/0: answered\n\d+ \d+\.\d{3} s ! expire producers of words\/0$/,
  );
  cluster.journal.clear();
  t.deepEqual(cluster.journal.entries, []);
});

test('the journal names the fault of the request that it met, and how that ended', async (t) => {
  const cluster = await startEmbedded(t, { topics: { words: 1 }, journalEntries: 100 });
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.drop({ api: 'InitProducerId', when: 'before', nth: 2 });
  await initProducerId(client);
  await t.throwsAsync(initProducerId(client));
  t.deepEqual(
    cluster.journal.entries.map(({ request, faults }) => [request?.api, request?.end, faults]),
    [
      ['InitProducerId', 'answered', []],
      ['InitProducerId', 'cut', ['drop before']],
    ],
  );
});

test('without journalEntries there is no journal', async (t) => {
  const cluster = await startEmbedded(t);
  t.throws(() => cluster.journal, { instanceOf: ConfigError, message: /journalEntries/ });
});
