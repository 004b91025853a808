import type { ExecutionContext } from 'ava';
import { startRedis } from '../../../scripts/services/redis-server.ts';
import type { StartedServer } from '../../../scripts/services/started-server.ts';
import { startChild, type Child } from '../../cli/child.ts';
import type { HeldSum, HeldSumsOptions } from '../../_helpers/jobs/held-sums.ts';
import { kafkajsOn, startEmbedded } from '../../_helpers/servers/embedded.ts';
import { ownNetwork, type OwnNetwork } from '../../_helpers/servers/own-network.ts';
import { randomName, testWith } from '../../_helpers/servers/services.ts';
import { redisClient } from '../../_helpers/servers/store-servers.ts';
import { until } from '../../_helpers/until.ts';

/** What all of these specs need. */
interface World {
  readonly network: OwnNetwork;
  readonly redis: StartedServer;
  /** Appends numbers from 1 on to the one partition. */
  append(count: number): Promise<void>;
  start(options?: Partial<HeldSumsOptions>): Child;
  stored(): Promise<HeldSum>;
}

const KEY = 'key';

async function worldOf(t: ExecutionContext): Promise<World> {
  const network = await ownNetwork(t);
  const redis = await startRedis({ network });
  t.teardown(() => redis.stop());
  const cluster = await startEmbedded(t, { topics: { numbers: 1 } });
  const producer = kafkajsOn(cluster).producer();
  await producer.connect();
  t.teardown(() => producer.disconnect());
  const client = redisClient(t, redis.port, { host: redis.host });
  const options: HeldSumsOptions = {
    brokers: cluster.brokers,
    topic: 'numbers',
    name: randomName('sums'),
    redis: { host: redis.host, port: redis.port },
    keyPrefix: randomName('sums'),
    timeoutMs: 60_000,
    isHeld: false,
  };
  let last = 0;
  return {
    network,
    redis,
    async append(count) {
      const messages = Array.from({ length: count }, () => ({ key: KEY, value: String(++last) }));
      await producer.send({ topic: 'numbers', messages });
    },
    start: (more = {}) =>
      startChild(t, 'spec/_helpers/jobs/held-sums', [JSON.stringify({ ...options, ...more })]),
    async stored() {
      return JSON.parse((await client.get(`${options.keyPrefix}/${KEY}`)) ?? '{}') as HeldSum;
    },
  };
}

/** A write of the first ten numbers that is on its way, since the wire was cut before it. */
async function writeOnItsWay(world: World, options: Partial<HeldSumsOptions> = {}): Promise<Child> {
  const { network, redis } = world;
  await world.append(10);
  const job = world.start({ isHeld: true, ...options });
  await job.until('stdout', /^read 10$/m);
  await network.cut();
  job.kill('SIGUSR2');
  await until(
    async () => (await network.connectionsTo(redis.port)).some(({ unackedBytes }) => unackedBytes > 0),
    {
      deadlineMs: 10_000,
      what: 'the write to be in the hands of the kernel',
    },
  );
  return job;
}

/** Waits until the kernel leaves enough time before it sends again for another process to start and to work. */
async function untilQuiet({ network, redis }: World, ms: number): Promise<void> {
  await until(
    async () => {
      const connections = await network.connectionsTo(redis.port);
      const again = connections
        .filter(({ unackedBytes }) => unackedBytes > 0)
        .map(({ againInMs }) => againInMs);
      return again.every((inMs) => inMs > ms);
    },
    { deadlineMs: 60_000, what: `${ms} ms until something is sent again` },
  );
}

/** Nothing is on its way any more: all of it was acked, or reset. */
async function untilSettled({ network, redis }: World): Promise<void> {
  await until(
    async () => (await network.connectionsTo(redis.port)).every(({ unackedBytes }) => unackedBytes === 0),
    { deadlineMs: 90_000, what: 'the kernel to have no bytes left to send' },
  );
}

const programs = ['ip', 'ss', 'redis-server'] as const;

testWith(
  programs,
  'a write of a process that was killed is not carried out after those of the next owner',
  async (t) => {
    t.timeout(120_000);
    const world = await worldOf(t);
    const dead = await writeOnItsWay(world);
    dead.kill('SIGKILL');
    await dead.exited;
    await world.append(10);
    await untilQuiet(world, 5_000);
    await world.network.heal();
    const next = world.start();
    await next.until('stdout', /^committed to 19$/m);
    t.deepEqual(await world.stored(), { sum: 210, next: { 'numbers/0': 20 } });
    await untilSettled(world);
    t.deepEqual(await world.stored(), { sum: 210, next: { 'numbers/0': 20 } });
  },
);

testWith(
  programs,
  'a write that was given up is not carried out after those of the next owner',
  async (t) => {
    t.timeout(120_000);
    const world = await worldOf(t);
    const failed = await writeOnItsWay(world, { timeoutMs: 1_500 });
    await failed.until('stdout', /^ended by .*timeoutMs/m);
    await failed.exited;
    const left = await world.network.connectionsTo(world.redis.port);
    t.true(
      left.every(({ unackedBytes }) => unackedBytes === 0),
      'the kernel has forgotten it',
    );
    await world.append(10);
    await world.network.heal();
    const next = world.start();
    await next.until('stdout', /^committed to 19$/m);
    t.deepEqual(await world.stored(), { sum: 210, next: { 'numbers/0': 20 } });
    await untilSettled(world);
    t.deepEqual(await world.stored(), { sum: 210, next: { 'numbers/0': 20 } });
  },
);
