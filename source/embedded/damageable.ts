import type { ClusterState } from './cluster-state.ts';
import type { Damageable } from './faults/faults.ts';
import { partitionNamed, topicNamed } from './topic-lookup.ts';

/**
 * What of a cluster faults may damage.
 *
 * @param checkOpen throws if the cluster is closed
 */
export function damageable(state: ClusterState, checkOpen: () => void): Damageable {
  return {
    partition(topic, partition) {
      checkOpen();
      return partitionNamed(state.topics, topic, partition);
    },
    liveReplicas: (partition) => state.topics.inSyncReplicas(partition),
    recreateTopic(name) {
      checkOpen();
      const topic = topicNamed(state.topics, name);
      const { partitions, replicationFactor, config } = topic;
      state.deleteTopic(topic);
      state.topics.create({
        name,
        partitionCount: partitions.length,
        replicationFactor,
        config: Object.fromEntries(config.given),
      });
    },
    expireMembers: (groupId, memberId) => state.groups.get(groupId)?.expire(memberId) ?? 0,
  };
}
