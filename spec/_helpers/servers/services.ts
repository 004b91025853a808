import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { startElasticsearch } from '../../../scripts/services/elasticsearch-server.ts';
import {
  startKafka,
  type KafkaServer,
  type StartKafkaOptions,
} from '../../../scripts/services/kafka-server.ts';
import { createKafkaTopic, describeKafka } from '../../../scripts/services/kafka-probe.ts';
import { debianInstall, findProgram, type ProgramName } from '../../../scripts/services/programs.ts';
import { startPrometheus } from '../../../scripts/services/prometheus-server.ts';
import { startRedis } from '../../../scripts/services/redis-server.ts';
import type { StartedServer } from '../../../scripts/services/started-server.ts';
import { EmbeddedCluster } from '../../../source/embedded/cluster.ts';

/** A Kafka cluster that a spec may use. */
export interface TestCluster {
  readonly kind: 'embedded' | 'real';
  readonly brokers: readonly string[];
  createTopic(name: string, partitions: number, config?: Readonly<Record<string, string>>): Promise<void>;
}

/** A cluster, and what is needed to run programs of Java on it. */
export interface ClusterWithTools extends TestCluster {
  /** The folder with the jars of Kafka's own tools. */
  readonly libs: string;
}

/** Apache Kafka, shared by all specs of the run: leave its nodes and other specs' topics alone. */
export interface RealKafka extends ClusterWithTools {
  readonly kind: 'real';
  /** How many replicas the topics have that are made here. */
  readonly replicas: number;
}

/** Apache Kafka of this spec alone, whose nodes may be killed, stopped and restarted. */
export interface OwnKafka extends RealKafka {
  readonly nodes: KafkaServer['nodes'];
}

const {
  KASPER_KAFKA: address,
  KASPER_KAFKA_NODES: nodeCount = '1',
  KASPER_KAFKA_LIBS: libs,
  KASPER_SPECS: suite,
  REQUIRE_SERVICES: required,
} = process.env;

/**
 * With a newer Node.js, of the specs on both kinds of cluster only those of these files have the real
 * Kafka, too: connections, fetches, produced and forwarded records of all codecs, offsets, whole runs.
 * What Kafka answers is the same with each Node.js, and `npm test` shows all of it.
 */
const realWithNewerNode =
  /\/(connect|source-and-sink|fetch-session|group-and-offsets|forward|bounded-runs)\.spec\.js$/;

/** Brokers of the shared Kafka: 1 in `npm test`, 3 in a part of `npm run verify:long`. */
export const sharedNodes = Number(nodeCount);
let isCountChecked = false;

/**
 * A spec on the real Kafka that `npm test` started. Where there is none it is skipped, with
 * REQUIRE_SERVICES=1 it fails.
 *
 * @param options.needs programs that the spec calls, as {@link testWith}
 */
export function testOnReal(
  title: string,
  implementation: (t: ExecutionContext, kafka: RealKafka) => Promise<void>,
  { needs = [] }: { readonly needs?: readonly ProgramName[] } = {},
): void {
  const brokers = (address ?? '').split(',').filter((broker) => broker !== '');
  if (brokers.length === 0 || libs === undefined) {
    without('Kafka', 'which npm test starts where it can', title);
    return;
  }
  checkCount(brokers);
  testWith(needs, title, (t) => implementation(t, realKafka(brokers, libs, sharedNodes)));
}

/**
 * The part of a spec on both that has the real Kafka, as {@link testOnReal}; with a newer Node.js
 * nothing, but in some files.
 */
export function testRealPart(
  title: string,
  implementation: (t: ExecutionContext, kafka: RealKafka) => Promise<void>,
  options: { readonly needs?: readonly ProgramName[] } = {},
): void {
  if (suite !== 'newer' || realWithNewerNode.test(test.meta.file)) testOnReal(title, implementation, options);
}

/**
 * Before the first spec of a file: a cluster that is smaller than it should be would show less than
 * the titles say.
 */
function checkCount(brokers: readonly string[]): void {
  if (isCountChecked) return;
  isCountChecked = true;
  test.before(`the Kafka of this run has as many brokers as it should: ${sharedNodes}`, async (t) => {
    for (const broker of brokers) t.is((await describeKafka(broker)).nodes, sharedNodes);
  });
}

/**
 * A spec on both kinds of cluster: once on an embedded one of its own, and once on the real Kafka,
 * as {@link testOnReal}. What passes on both shows that the embedded cluster behaves as the real
 * one.
 *
 * @param options.needs programs that the spec calls, as {@link testWith}
 */
export function testOnBoth(
  title: string,
  implementation: (t: ExecutionContext, cluster: TestCluster) => Promise<void>,
  { needs = [] }: { readonly needs?: readonly ProgramName[] } = {},
): void {
  testEmbedded(title, async (t) => implementation(t, await embeddedCluster(t)), { needs });
  testRealPart(`${title} (Kafka 4.1)`, implementation, { needs });
}

/**
 * As {@link testOnBoth}, for specs that run Kafka's own clients and tools: also the part with the
 * embedded cluster needs their jars.
 *
 * @param options.needs programs that the spec calls, as {@link testWith}
 */
export function testToolsOnBoth(
  title: string,
  implementation: (t: ExecutionContext, cluster: ClusterWithTools) => Promise<void>,
  { needs = ['java'] }: { readonly needs?: readonly ProgramName[] } = {},
): void {
  if (libs === undefined) without('Kafka', 'which npm test starts where it can', `${title} (embedded)`);
  else
    testEmbedded(title, async (t) => implementation(t, { ...(await embeddedCluster(t)), libs }), { needs });
  testRealPart(`${title} (Kafka 4.1)`, implementation, { needs });
}

/**
 * A spec that runs Kafka's own clients and tools on an embedded cluster that it makes itself.
 *
 * @param implementation `toolsFolder`: the folder with Kafka's jars
 * @param options.needs programs that the spec calls, as {@link testWith}
 */
export function testToolsEmbedded(
  title: string,
  implementation: (t: ExecutionContext, toolsFolder: string) => Promise<void>,
  { needs = ['java'] }: { readonly needs?: readonly ProgramName[] } = {},
): void {
  if (libs === undefined) without('Kafka', 'which npm test starts where it can', title);
  else testEmbedded(title, (t) => implementation(t, libs), { needs });
}

/**
 * The part of a spec on both that has an embedded cluster; nothing where only the real Kafka is
 * another one than in `npm test`.
 */
export function testEmbedded(
  title: string,
  implementation: (t: ExecutionContext) => Promise<void>,
  { needs = [] }: { readonly needs?: readonly ProgramName[] } = {},
): void {
  if (sharedNodes === 1) testWith(needs, `${title} (embedded)`, implementation);
}

/**
 * A spec on a Kafka of its own, started for it on free ports and ended after it. Starting three
 * nodes takes some 10 seconds and 600 MB: use it for faults only. Skipped or failed as
 * {@link testOnReal}.
 */
export function testOnOwnKafka(
  title: string,
  options: StartKafkaOptions,
  implementation: (t: ExecutionContext, kafka: OwnKafka) => Promise<void>,
): void {
  if (libs === undefined) {
    without('Kafka', 'which npm test starts where it can', title);
    return;
  }
  test.serial(title, async (t) => {
    t.timeout(180_000);
    const server = await startKafka(options);
    t.teardown(() => server.stop());
    await implementation(t, {
      ...realKafka(server.brokers, server.libs, server.nodes.length),
      nodes: server.nodes,
    });
  });
}

const singleServers = {
  redis: { start: startRedis, programs: ['redis-server'] },
  elasticsearch: { start: () => startElasticsearch({ isShortLived: true }), programs: ['java', 'mvn'] },
  prometheus: { start: () => startPrometheus({ targets: [] }), programs: ['prometheus'] },
} as const;

/**
 * A spec on a Redis, Elasticsearch or Prometheus of its own, started for it on a free port and
 * ended after it. Skipped or failed as {@link testOnReal}.
 */
export function testOnOwn(
  service: keyof typeof singleServers,
  title: string,
  implementation: (t: ExecutionContext, server: StartedServer) => Promise<void>,
): void {
  const { start, programs } = singleServers[service];
  if (isWithout(programs, title)) return;
  test.serial(title, async (t) => {
    // The first time Maven fetches Elasticsearch.
    t.timeout(300_000);
    const server = await start();
    t.teardown(() => server.stop());
    await implementation(t, server);
  });
}

/**
 * A spec that calls programs of this machine. Where one is missing it is skipped or failed as
 * {@link testOnReal}.
 *
 * @param register `test.serial`: not beside others of its file
 */
export function testWith(
  programs: readonly ProgramName[],
  title: string,
  implementation: (t: ExecutionContext) => Promise<void>,
  register: (title: string, implementation: (t: ExecutionContext) => Promise<void>) => void = test,
): void {
  if (!isWithout(programs, title)) register(title, implementation);
}

/** A name no other spec uses, for topics, groups and key prefixes. */
export function randomName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

/** Whether a program is missing for the spec; then that is registered in its place. */
function isWithout(programs: readonly ProgramName[], title: string): boolean {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  if (missing.length > 0)
    without(missing.join(' and '), `which is not on the PATH (on Debian: ${debianInstall(missing)})`, title);
  return missing.length > 0;
}

function without(service: string, why: string, title: string): void {
  if (required === '1') {
    test(title, (t) => {
      t.fail(`REQUIRE_SERVICES=1, and there is no ${service}, ${why}`);
    });
    return;
  }
  console.log(`Skipped: there is no ${service}, ${why}: ${title}`);
  test.skip(title, (t) => {
    t.fail();
  });
}

async function embeddedCluster(t: ExecutionContext): Promise<TestCluster> {
  const cluster = await EmbeddedCluster.start();
  t.teardown(() => cluster.close());
  return {
    kind: 'embedded',
    brokers: cluster.brokers,
    createTopic: (name, partitions, config = {}) =>
      createKafkaTopic(cluster.brokers, { topic: name, partitions, config }),
  };
}

function realKafka(brokers: readonly string[], toolsFolder: string, replicas: number): RealKafka {
  return {
    kind: 'real',
    brokers,
    libs: toolsFolder,
    replicas,
    createTopic: (name, partitions, config = {}) =>
      createKafkaTopic(brokers, { topic: name, partitions, replicas, config }),
  };
}
