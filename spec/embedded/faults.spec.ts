import test from 'ava';
import { startEmbedded } from '../_helpers/servers/embedded.ts';
import { rawBatch } from '../_helpers/raw/raw-batch.ts';
import { RawClient } from '../_helpers/raw/raw-client.ts';
import { present } from '../_helpers/raw/present.ts';
import { fetch } from '../_helpers/raw/raw-fetch.ts';
import { initProducerId, produce } from '../_helpers/raw/raw-produce.ts';
import { metadata } from '../_helpers/raw/raw-topics.ts';
import { ConfigError } from '../../source/kernel/errors.ts';

const flights = { brokers: 1, topics: { flights: 2 } } as const;
const closedMessage = /closed the connection|ECONNRESET/;

test('fail answers the next requests with a code for each partition, and does nothing', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const fault = cluster.faults.fail({ api: 'Produce', code: 6, times: 2 });
  const send = async () =>
    (
      await produce(client, [
        { topic: 'flights', partition: 0, records: rawBatch() },
        { topic: 'flights', partition: 1, records: rawBatch() },
      ])
    ).map(({ code }) => code);
  t.deepEqual(
    [await send(), await send(), await send()],
    [
      [6, 6],
      [6, 6],
      [0, 0],
    ],
  );
  await fault.done;
  t.is(fault.hits, 2);
  t.is(cluster.endOffset('flights', 0), 1);
});

test('fail can be narrowed to a partition, a node and what the request asks for', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.fail({ api: 'Fetch', code: 56, topic: 'flights', partition: 1 });
  const elsewhere = cluster.faults.fail({ api: 'Fetch', code: 7, node: 9 });
  const other = cluster.faults.fail({
    api: 'Fetch',
    code: 8,
    matching: ({ topics }) => topics?.some(({ topic }) => topic === 'trains') === true,
  });
  const wanted = [
    { partition: 0, offset: 0 },
    { partition: 1, offset: 0 },
  ];
  t.deepEqual(
    (await fetch(client, 'flights', wanted)).map(({ code }) => code),
    [0, 56],
  );
  t.is((await fetch(client, 'trains', wanted))[0]?.code, 8);
  t.deepEqual([elsewhere.hits, other.hits], [0, 1]);
});

test('fail of one partition is met by a request that names it, and by no other', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const fault = cluster.faults.fail({ api: 'Fetch', code: 56, topic: 'flights', partition: 1 });
  const codes = async (...partitions: number[]) => {
    const wanted = partitions.map((partition) => ({ partition, offset: 0 }));
    return (await fetch(client, 'flights', wanted)).map(({ code }) => code);
  };
  t.deepEqual(await codes(0), [0]);
  t.is(fault.hits, 0);
  t.deepEqual(await codes(1, 0), [56, 0]);
  await fault.done;
  t.is(fault.hits, 1);
  t.deepEqual(await codes(1), [0]);
});

test('fail answers at the top where a request names no partitions', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.fail({ api: 'InitProducerId', code: 14 });
  t.is((await initProducerId(client)).code, 14);
  t.is((await initProducerId(client)).code, 0);
});

test('delay serves a request later, and its connection nothing else', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const start = performance.now();
  cluster.faults.delay({ api: 'Metadata', ms: 200 });
  await Promise.all([metadata(client, []), initProducerId(client)]);
  const took = performance.now() - start;
  t.true(took >= 195, `answered after ${took} ms`);
});

test('drop before loses the request', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const fault = cluster.faults.drop({ api: 'Produce', when: 'before' });
  await t.throwsAsync(produce(client, [{ topic: 'flights', records: rawBatch() }]), {
    message: closedMessage,
  });
  await fault.done;
  t.is(cluster.endOffset('flights', 0), 0);
});

test('drop after loses the answer of a request that was served', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  const fault = cluster.faults.drop({ api: 'Produce', when: 'after' });
  await t.throwsAsync(produce(client, [{ topic: 'flights', records: rawBatch() }]), {
    message: closedMessage,
  });
  await fault.done;
  t.is(cluster.endOffset('flights', 0), 1);
});

test('drop in mid-response sends half of the answer', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const records = rawBatch({ valueBytes: 100_000 });
  cluster.appendRaw('flights', 0, records);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.drop({ api: 'Fetch', when: 'mid-response' });
  await t.throwsAsync(fetch(client, 'flights', [{ partition: 0, offset: 0 }]), { message: closedMessage });
  const received = await client.closed;
  const whole = 4 + received.readInt32BE(0);
  t.is(received.length, Math.ceil(whole / 2));
});

test('a frozen node takes requests and answers them when it is thawed', async (t) => {
  const cluster = await startEmbedded(t, { ...flights, brokers: 2 });
  const before = await RawClient.open(t, present(cluster.brokers[0]));
  const elsewhere = await RawClient.open(t, present(cluster.brokers[1]));
  await metadata(before, []);
  cluster.faults.freeze(1);
  const during = await RawClient.open(t, present(cluster.brokers[0]));
  let answered = 0;
  const answers = [before, during].map(async (client) => {
    await metadata(client, []);
    answered++;
  });
  for (let i = 0; i < 20; i++) await metadata(elsewhere, []);
  t.is(answered, 0);
  cluster.faults.thaw(1);
  await Promise.all(answers);
  t.is(answered, 2);
});

test('clear and cancel call faults off', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.fail({ api: 'InitProducerId', code: 14, times: Infinity }).cancel();
  t.is((await initProducerId(client)).code, 0);
  const endless = cluster.faults.fail({ api: 'InitProducerId', code: 15, times: Infinity });
  t.is((await initProducerId(client)).code, 15);
  t.is((await initProducerId(client)).code, 15);
  cluster.faults.clear();
  t.is((await initProducerId(client)).code, 0);
  t.is(endless.hits, 2);
});

test('two faults of one kind meet one request after the other', async (t) => {
  const cluster = await startEmbedded(t, flights);
  const client = await RawClient.open(t, present(cluster.brokers[0]));
  cluster.faults.fail({ api: 'InitProducerId', code: 14 });
  cluster.faults.fail({ api: 'InitProducerId', code: 15 });
  t.deepEqual([(await initProducerId(client)).code, (await initProducerId(client)).code], [14, 15]);
});

test('a fault that cannot be is a ConfigError', async (t) => {
  const cluster = await startEmbedded(t, flights);
  t.throws(() => cluster.faults.fail({ api: 'Produce', code: 0 }), {
    instanceOf: ConfigError,
    message: /code/,
  });
  t.throws(() => cluster.faults.fail({ api: 'Produce', code: 6, times: 0 }), { instanceOf: ConfigError });
  t.throws(() => cluster.faults.delay({ api: 'Produce', ms: -1 }), {
    instanceOf: ConfigError,
    message: /-1/,
  });
  const noSuch = JSON.parse('{"api":"Produse","when":"before"}') as { api: 'Produce'; when: 'before' };
  t.throws(() => cluster.faults.drop(noSuch), { instanceOf: ConfigError, message: /Produse/ });
});
