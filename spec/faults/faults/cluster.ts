import { Kafka, logLevel, type Admin } from 'kafkajs';
import { request } from '../../../scripts/services/kafka-request.ts';
import { WireWriter } from '../../../source/kafka/wire/wire-writer.ts';
import { until } from '../../_helpers/until.ts';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import { feltByConnections, noticed } from './felt.ts';

const ELECT_LEADERS = 43;
const PREFERRED = 0;
const TIMEOUT_MS = 30_000;

/** Does something as an operator, straight to Kafka. */
export async function withAdmin<T>(
  { servers: { kafka } }: World,
  act: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await act(admin);
  } finally {
    await admin.disconnect();
  }
}

/** The leader of each partition. */
export async function leadersOf(admin: Admin, topic: string): Promise<Map<number, number>> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return new Map(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader]));
}

/** A partition, with its replicas in a new order. */
interface Turned {
  readonly partition: number;
  readonly replicas: readonly number[];
}

/**
 * The replicas of partitions stay where they are, and the first of each leads: their order is turned
 * (AlterPartitionReassignments), and the first of them is elected (ElectLeaders 1).
 */
async function elect(world: World, admin: Admin, topic: string, turned: readonly Turned[]): Promise<void> {
  await admin.alterPartitionReassignments({
    topics: [
      {
        topic,
        partitionAssignment: turned.map(({ partition, replicas }) => ({
          partition,
          replicas: [...replicas],
        })),
      },
    ],
    timeout: TIMEOUT_MS,
  });
  const body = new WireWriter()
    .int8(PREFERRED)
    .array([topic], (writer, name) =>
      writer.string(name).array(turned, (partitions, { partition }) => partitions.int32(partition)),
    )
    .int32(TIMEOUT_MS);
  await request(world.servers.kafka.brokers[0] ?? '', ELECT_LEADERS, 1, body, TIMEOUT_MS);
  const areElected = async () => {
    const leaders = await leadersOf(admin, topic);
    return turned.every(({ partition, replicas }) => leaders.get(partition) === replicas[0]);
  };
  await until(areElected, { deadlineMs: 10_000, what: `the leaders of ${topic} to move` });
}

/** The next replica of each partition leads. */
async function moveLeaders(world: World, topic: string): Promise<string> {
  return withAdmin(world, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const turned = (topics[0]?.partitions ?? []).map(({ partitionId, leader, replicas }) => {
      const at = replicas.indexOf(leader) + 1;
      return { partition: partitionId, replicas: [...replicas.slice(at), ...replicas.slice(0, at)] };
    });
    await elect(world, admin, topic, turned);
    return `leaders of ${turned.length} partitions of ${topic} moved`;
  });
}

/**
 * Sees that a node leads a partition of the input of each worker: none would feel what happens to one
 * that only follows, as each node does after its restart, and one worker may be down by another fault.
 */
export async function letLead(world: World, nodeId: number): Promise<void> {
  if (world.servers.kafka.nodes.length === 1) return;
  const [{ topic } = { topic: '' }] = world.partitionsOf('input');
  await withAdmin(world, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions ?? [];
    const turned = world.fleet.places.flatMap((place): Turned[] => {
      const read = partitions.filter(({ partitionId }) => place.partitions.includes(partitionId));
      if (read.some(({ leader }) => leader === nodeId)) return [];
      const [first] = read.filter(({ isr }) => isr.includes(nodeId));
      // It is out of sync by another fault, which is felt in its place.
      if (first === undefined) return [];
      const others = first.replicas.filter((id) => id !== nodeId);
      return [{ partition: first.partitionId, replicas: [nodeId, ...others] }];
    });
    if (turned.length > 0) await elect(world, admin, topic, turned);
  });
}

/** The leaders of the input's and the output's partitions move while all brokers live. */
export const leaderMoved: Fault = {
  name: 'leader-moved',
  needs: ['kafka', 'three-nodes'],
  long: false,
  plan: () => ({ lastsMs: 0 }),
  async inject(world) {
    const names = world.workload.topics.filter(({ role }) => role !== 'dead-letter');
    const marks: string[] = [];
    for (const { name } of names) marks.push(await moveLeaders(world, world.topic(name)));
    return { heal: () => Promise.resolve(), mark: () => Promise.resolve(marks.join('; ')) };
  },
  allows: [],
};

/** The partitions that keep the groups' offsets get other leaders: the coordinators move. */
export const coordinatorMoved: Fault = {
  name: 'coordinator-moved',
  needs: ['kafka', 'three-nodes'],
  long: false,
  plan: () => ({ lastsMs: 0 }),
  async inject(world) {
    const mark = await moveLeaders(world, '__consumer_offsets');
    return { heal: () => Promise.resolve(), mark: () => Promise.resolve(mark) };
  },
  allows: ['moved-coordinator'],
};

/** All nodes are restarted, one after another, each when the one before is in sync. */
export const rollingRestart: Fault = {
  name: 'rolling-restart',
  needs: ['kafka', 'three-nodes'],
  long: true,
  plan: () => ({ lastsMs: 0 }),
  async inject(world) {
    const { kafka, network } = world.servers;
    const felt = feltByConnections(world, { accepted: () => network.accepted, heal: () => undefined });
    for (const node of kafka.nodes) {
      await node.kill('SIGTERM');
      await node.restart();
      await untilInSync(world);
    }
    return felt;
  },
  allows: ['moved-coordinator'],
};

/** Resolves when each partition of the workload has all its replicas in sync. */
export async function untilInSync(world: World): Promise<void> {
  const names = world.workload.topics.map(({ name }) => world.topic(name));
  await withAdmin(world, (admin) =>
    until(
      async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [...names, '__consumer_offsets'] });
        return topics.every(({ partitions }) =>
          partitions.every(({ isr, replicas }) => isr.length === replicas.length),
        );
      },
      { deadlineMs: 60_000, everyMs: 200, retryErrors: true, what: 'all replicas to be in sync' },
    ),
  );
}

/** The disk of the last node is full: it ends. Then it has room again, and is started. */
export const diskFull: Fault = {
  name: 'disk-full',
  needs: ['kafka', 'three-nodes'],
  long: true,
  plan: (random) => ({ lastsMs: random.between(10_000, 15_000) }),
  async inject(world) {
    const { kafka, network, disk } = world.servers;
    const node = kafka.nodes.at(-1);
    if (disk === undefined || node === undefined) throw new Error('There is no disk that can be filled');
    await letLead(world, node.id);
    const felt = feltByConnections(world, {
      accepted: () => network.accepted,
      heal: async () => {
        await disk.clear();
        await node.restart();
        await untilInSync(world);
      },
    });
    await disk.fill();
    return felt;
  },
  allows: ['moved-coordinator'],
};

/** The input gets a partition more, which nobody reads: workers must say so. */
export const partitionsAdded: Fault = {
  name: 'partitions-added',
  needs: ['kafka', 'lasting-worker'],
  long: false,
  plan: () => ({ lastsMs: 6_000 }),
  async inject(world) {
    const since = performance.now();
    const [name] = world.workload.topics.flatMap((topic) => (topic.role === 'input' ? [topic.name] : []));
    const topic = world.topic(name ?? '');
    await withAdmin(world, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = (topics[0]?.partitions.length ?? 0) + 1;
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
    });
    return {
      heal: () => Promise.resolve(),
      mark: () => Promise.resolve(noticed(world, since, /Partitions were added/)),
    };
  },
  allows: ['new-partitions'],
};
