import type { ClusterState } from './cluster-state.ts';
import type { Damageable, TransactionDamage } from './faults/faults.ts';
import { partitionNamed, topicNamed } from './topic-lookup.ts';
import type { Transactions } from './transactions/transactions.ts';

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
    damageTransaction: (id, damage) => damageTransaction(state.transactions, id, damage),
    expireMembers: (groupId, memberId) => state.groups.get(groupId)?.expire(memberId) ?? 0,
  };
}

function damageTransaction(
  transactions: Transactions,
  id: string,
  damage: TransactionDamage,
): string | undefined {
  const known = transactions.get(id);
  if (known === undefined) return 'is not known: no producer has asked for it';
  const isOpen = known.state === 'Ongoing';
  if (known.isEnding) return 'has a transaction that is ending';
  if (!isOpen && (damage === 'abort' || damage === 'hang')) return 'has no open transaction';
  if (isOpen && damage === 'expire') return 'has an open transaction, and cannot expire';
  switch (damage) {
    case 'abort':
      transactions.abort(known);
      break;
    case 'fence':
      transactions.takeOver(known);
      break;
    case 'hang':
      transactions.hang(known);
      break;
    case 'expire':
      transactions.forget(known);
  }
  return undefined;
}
