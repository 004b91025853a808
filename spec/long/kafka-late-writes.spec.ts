import test, { type ExecutionContext } from 'ava';
import { startKafka } from '../../scripts/services/kafka-server.ts';
import { createKafkaTopic } from '../../scripts/services/kafka-probe.ts';
import { startChild, type Child } from '../cli/child.ts';
import { connectClient, openSource, Collector, sendNumbers } from '../kafka/kafkajs/test-client.ts';
import type { HeldCopiesOptions } from '../_helpers/jobs/held-copies.ts';
import { ownNetwork, type OwnNetwork } from '../_helpers/servers/own-network.ts';
import { randomName, testWith } from '../_helpers/servers/services.ts';
import { until } from '../_helpers/until.ts';

/** What both of these specs need. */
interface World {
  readonly network: OwnNetwork;
  readonly port: number;
  /** Appends ten records to the one partition of the input. */
  append(): Promise<void>;
  start(options?: Partial<HeldCopiesOptions>): Child;
  /** What the output holds, in its order: how far each batch had come. */
  sent(): Promise<number[]>;
}

/** By this the connection with the records is known: what else a run sends is smaller. */
const VALUE_BYTES = 20_000;

async function worldOf(t: ExecutionContext, properties: Readonly<Record<string, string>>): Promise<World> {
  const network = await ownNetwork(t);
  const kafka = await startKafka({ network, properties });
  t.teardown(() => kafka.stop());
  const { brokers } = kafka;
  const [inputTopic, outputTopic] = [randomName('in'), randomName('out')];
  await createKafkaTopic(brokers, { topic: inputTopic, partitions: 1, config: {} });
  await createKafkaTopic(brokers, {
    topic: outputTopic,
    partitions: 1,
    config: { 'cleanup.policy': 'compact' },
  });
  const options = {
    brokers,
    name: randomName('copies'),
    inputTopic,
    outputTopic,
    heldFrom: 0,
    valueBytes: VALUE_BYTES,
  };
  return {
    network,
    port: Number(brokers[0]?.split(':')[1]),
    append: async () => {
      const client = await connectClient(t, brokers);
      await sendNumbers(client, inputTopic, 1, 10);
      await client.close();
    },
    start: (more = {}) =>
      startChild(t, 'spec/_helpers/jobs/held-copies', [JSON.stringify({ ...options, ...more })]),
    sent: async () => {
      const client = await connectClient(t, brokers);
      const collector = new Collector();
      const source = openSource(t, client);
      const at = { topic: outputTopic, partition: 0 };
      collector.read(source, [{ ...at, offset: 0, leaderEpoch: -1 }]);
      const [end] = await client.listOffsets('latest', [at], 'read_uncommitted');
      await collector.untilCount(end?.offset ?? 0);
      await client.close();
      return collector.values(outputTopic, 0);
    },
  };
}

/** A process whose records are on their way, since the wire was cut before it sent them. */
async function recordsOnTheirWay(world: World, options: Partial<HeldCopiesOptions> = {}): Promise<Child> {
  const { network } = world;
  await world.append();
  const job = world.start({ heldFrom: 2, ...options });
  // So that it has a connection to send on.
  await job.until('stdout', /^committed to 9$/m);
  await world.append();
  await job.until('stdout', /^read 10\n[^]*^read 10$/m);
  await network.cut();
  job.kill('SIGUSR2');
  await until(async () => (await onTheirWay(world)).length > 0, {
    deadlineMs: 10_000,
    what: 'the records to be in the hands of the kernel',
  });
  return job;
}

async function killedWhileItSent(world: World): Promise<void> {
  const job = await recordsOnTheirWay(world);
  job.kill('SIGKILL');
  await job.exited;
}

/** In how many ms the kernel sends records again that were not acked; nothing if there are none. */
async function onTheirWay({ network, port }: World): Promise<number[]> {
  const connections = await network.connectionsTo(port);
  return connections
    .filter(({ unackedBytes }) => unackedBytes >= VALUE_BYTES / 2)
    .map(({ againInMs }) => againInMs);
}

/** Leaves the time between two tries of the kernel to a next run, which processes all that is there. */
async function nextRun(world: World): Promise<void> {
  await until(async () => (await onTheirWay(world)).every((inMs) => inMs > 20_000), {
    deadlineMs: 60_000,
    what: '20 s until something is sent again',
  });
  await world.network.heal();
  await world.append();
  const next = world.start();
  await next.until('stdout', /^committed to 29$/m);
  next.kill('SIGTERM');
  await next.exited;
}

/** What was on its way has come, was reset, or is given up by the kernel. */
async function untilSettled(world: World): Promise<void> {
  await until(async () => (await onTheirWay(world)).length === 0, {
    deadlineMs: 120_000,
    what: 'the kernel to have no bytes left to send',
  });
}

const programs = ['ip', 'ss', 'java', 'mvn'] as const;

testWith(
  programs,
  'what a process was sending when it was killed is stored behind what the next run has sent, up to a minute later',
  async (t) => {
    t.timeout(300_000);
    const world = await worldOf(t, {});
    await killedWhileItSent(world);
    const killedAt = performance.now();
    await nextRun(world);
    const newer = await world.sent();
    t.is(newer.at(-1), 29);
    await untilSettled(world);
    t.log(`sent again ${Math.round((performance.now() - killedAt) / 1000)} s after the end of the process`);
    t.deepEqual(await world.sent(), [...newer, 19]);
  },
  test.serial,
);

testWith(
  programs,
  'a broker that closes idle connections sooner keeps out what a killed process was sending',
  async (t) => {
    t.timeout(300_000);
    const world = await worldOf(t, { 'connections.max.idle.ms': '10000' });
    await killedWhileItSent(world);
    await nextRun(world);
    const newer = await world.sent();
    t.is(newer.at(-1), 29);
    await untilSettled(world);
    t.deepEqual(await world.sent(), newer);
  },
  test.serial,
);

testWith(
  programs,
  'what a process gave up before it ended is not stored any more',
  async (t) => {
    t.timeout(300_000);
    const world = await worldOf(t, {});
    const failed = await recordsOnTheirWay(world, { retryTimeoutMs: 10_000 });
    await failed.until('stdout', /^ended by /m);
    await failed.exited;
    t.deepEqual(await onTheirWay(world), [], 'the kernel has forgotten it');
    await nextRun(world);
    t.deepEqual(await world.sent(), [9, 29]);
  },
  test.serial,
);
