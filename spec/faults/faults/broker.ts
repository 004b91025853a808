import type { KafkaNode } from '../../../scripts/services/kafka-server.ts';
import type { Fault, InjectedFault } from '../fault.ts';
import type { World } from '../world.ts';
import { letLead } from './cluster.ts';
import { feltByConnections, numberOf } from './felt.ts';

/** A fault of one node of Kafka: what is done to it, and what brings it back. */
function ofNode(
  fault: Pick<Fault, 'name' | 'plan' | 'isOutage' | 'long'>,
  strike: (node: KafkaNode) => Promise<void>,
  heal: (node: KafkaNode) => Promise<void>,
): Fault {
  return {
    ...fault,
    needs: ['kafka'],
    inject: async (world, plan): Promise<InjectedFault> => {
      const node = nodeOf(world, numberOf(plan, 'node'));
      await letLead(world, node.id);
      const felt = feltByConnections(world, {
        accepted: () => world.servers.network.broker(node.broker).accepted,
        heal: () => heal(node),
      });
      await strike(node);
      return felt;
    },
    allows: ['moved-coordinator'],
  };
}

function nodeOf({ servers: { kafka } }: World, number: number): KafkaNode {
  const node = kafka.nodes[number % kafka.nodes.length];
  if (node === undefined) throw new Error('Kafka has no nodes');
  return node;
}

/** Killed (SIGKILL), and started again with what it had. */
export const brokerKilled = ofNode(
  {
    name: 'broker-killed',
    long: false,
    plan: (random) => ({ lastsMs: random.between(0, 2_000), node: random.between(0, 2) }),
  },
  (node) => node.kill('SIGKILL'),
  (node) => node.restart(),
);

/** Stopped in good order (SIGTERM), and started again. */
export const brokerRestarted = ofNode(
  {
    name: 'broker-restarted',
    long: false,
    plan: (random) => ({ lastsMs: random.between(0, 1_000), node: random.between(0, 2) }),
  },
  (node) => node.kill('SIGTERM'),
  (node) => node.restart(),
);

/** Stopped (SIGSTOP), so that it takes connections and answers nothing. */
export const brokerStopped = ofNode(
  {
    name: 'broker-stopped',
    long: false,
    plan: (random) => ({ lastsMs: random.between(6_000, 8_000), node: random.between(0, 2) }),
  },
  (node) => node.kill('SIGSTOP'),
  (node) => node.kill('SIGCONT'),
);
