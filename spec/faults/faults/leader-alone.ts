import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import type { World } from '../world.ts';
import { leadersOf, untilInSync, withAdmin } from './cluster.ts';
import { feltByConnections } from './felt.ts';

/** What is written meanwhile is there to be processed by the leader alone. */
const BACKLOG_MS = 3_000;
/** Less than the nine seconds after which a node counts as gone, and so all remain in sync. */
const ALONE_MS = 3_000;

/**
 * Of three nodes two are stopped (SIGSTOP), the third one is killed, and the two go on: what it had
 * alone is lost. It is nothing that all replicas in sync had acked.
 */
export const leaderAlone: Fault = {
  name: 'leader-alone',
  needs: ['kafka', 'three-nodes', 'proxy'],
  long: true,
  plan: () => ({ lastsMs: 0 }),
  async inject(world) {
    const { kafka, network } = world.servers;
    const id = await busiestNode(world);
    const leader = kafka.nodes.find((node) => node.id === id);
    if (leader === undefined) throw new Error(`There is no node ${id}`);
    const followers = kafka.nodes.filter((node) => node !== leader);
    const felt = feltByConnections(world, {
      accepted: () => network.accepted,
      heal: async () => {
        await leader.restart();
        await untilInSync(world);
      },
    });
    network.blackHole();
    await sleep(BACKLOG_MS);
    await Promise.all(followers.map((node) => node.kill('SIGSTOP')));
    network.pass();
    await sleep(ALONE_MS);
    await leader.kill('SIGKILL');
    await Promise.all(followers.map((node) => node.kill('SIGCONT')));
    return felt;
  },
  allows: ['moved-coordinator'],
};

/** The node that leads most partitions of the input together with those of the output. */
function busiestNode(world: World): Promise<number> {
  return withAdmin(world, async (admin) => {
    const [inputs, outputs] = await Promise.all(
      (['input', 'output'] as const).map((role) =>
        leadersOf(admin, world.partitionsOf(role)[0]?.topic ?? ''),
      ),
    );
    const counts = new Map<number, number>();
    for (const [partition, leader] of inputs ?? [])
      if (outputs?.get(partition) === leader) counts.set(leader, (counts.get(leader) ?? 0) + 1);
    const [first] = [...counts].sort(([, one], [, other]) => other - one);
    if (first === undefined) throw new Error('No node leads an input and its output');
    return first[0];
  });
}
