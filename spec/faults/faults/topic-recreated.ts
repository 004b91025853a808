import { createKafkaTopic } from '../../../scripts/services/kafka-probe.ts';
import { until } from '../../_helpers/until.ts';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import { withAdmin } from './cluster.ts';
import { noticed } from './felt.ts';

const DRAIN_MS = 30_000;
const DELETE_MS = 15_000;

/**
 * The input is deleted once all of it was processed, and made again: what is written then has offsets
 * from 0, and none of it may be taken for what was committed before.
 */
export const topicRecreated: Fault = {
  name: 'topic-recreated',
  needs: ['kafka', 'lasting-worker', 'input-once'],
  long: true,
  plan: () => ({ lastsMs: 0 }),
  async inject(world) {
    const { generator, servers, workload } = world;
    const since = performance.now();
    const before = timesFromZero(world);
    await generator.pause();
    try {
      await world.untilCommitted(DRAIN_MS);
      const input = workload.topics.find(({ role }) => role === 'input');
      if (input === undefined) throw new Error(`${workload.name} has no input`);
      const topic = world.topic(input.name);
      await withAdmin(world, async (admin) => {
        await admin.deleteTopics({ topics: [topic] });
        await until(async () => !(await admin.listTopics()).includes(topic), {
          deadlineMs: DELETE_MS,
          what: `${topic} to be deleted`,
        });
      });
      const { name: _name, role: _role, partitions, config = {} } = input;
      await createKafkaTopic(servers.kafka.brokers, {
        topic,
        partitions,
        replicas: servers.kafka.nodes.length,
        config,
      });
    } finally {
      generator.resume();
    }
    return {
      heal: () => Promise.resolve(),
      mark: () => {
        const times = timesFromZero(world) - before;
        // Warnings that come often are counted, not written.
        const warned = noticed(world, since, /Offset out of range|recreated/) ?? 'no warning';
        return Promise.resolve(times === 0 ? undefined : `${times} partitions were begun at 0, ${warned}`);
      },
    };
  },
  allows: ['new-topic'],
};

/** How often workers have begun a partition at its first record. */
function timesFromZero({ fleet }: World): number {
  const ranges = fleet.histories.flatMap(({ begun }) => [...begun.values()].flat());
  return ranges.filter(([first]) => first === 0).length;
}
