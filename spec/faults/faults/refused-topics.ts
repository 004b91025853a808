// Its module system hides this one from an import by name.
import kafkajs, { Kafka, logLevel } from 'kafkajs';
import type { Fault } from '../fault.ts';
import type { WorkloadTopic } from '../workload.ts';
import type { World } from '../world.ts';

/** No record is as small. */
const TOO_SMALL = { 'max.message.bytes': '1' };

/**
 * The brokers refuse for good whatever is written to the topics of a role, since it is too large
 * (`max.message.bytes`). Everything else is stored as before: so what depends on it must not be
 * committed. Workers fail, and are started again.
 */
function refused(name: string, role: WorkloadTopic['role']): Fault {
  return {
    name,
    needs: role === 'dead-letter' ? ['kafka', 'dead-letters'] : ['kafka'],
    long: false,
    plan: (random) => ({ lastsMs: random.between(1_000, 3_000) }),
    async inject(world) {
      const topics = world.workload.topics.filter((topic) => topic.role === role);
      const failed = () => world.fleet.histories.filter(({ end }) => end === 'failed').length;
      const before = failed();
      await configure(world, topics, TOO_SMALL);
      return {
        heal: () => configure(world, topics, {}),
        mark: () => {
          const after = failed() - before;
          return Promise.resolve(after === 0 ? undefined : `${after} workers failed`);
        },
      };
    },
    allows: [],
  };
}

/** Sets what the topics are configured with beside what the workload says. */
async function configure(
  world: World,
  topics: readonly WorkloadTopic[],
  more: Readonly<Record<string, string>>,
): Promise<void> {
  const kafka = new Kafka({ brokers: [...world.servers.kafka.brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.alterConfigs({
      validateOnly: false,
      resources: topics.map(({ name, config = {} }) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: world.topic(name),
        configEntries: Object.entries({ ...config, ...more }).map(([key, value]) => ({ name: key, value })),
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

export const outputsRefused = refused('outputs-refused', 'output');
export const deadLettersRefused = refused('dead-letters-refused', 'dead-letter');
