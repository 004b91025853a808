import { setTimeout } from 'node:timers/promises';
import {
  assertThreeReplicas,
  coordinatorOf,
  leaderOf,
  untilReplicated,
} from '../_helpers/servers/cluster-roles.ts';
import { startCopyLoad } from '../_helpers/jobs/copy-load.ts';
import { testOnOwnKafka } from '../_helpers/servers/services.ts';

/**
 * How soon after a cluster is whole again, or after a node was lost, every partition must go on.
 */
const HEALED_MS = 15_000;
const TAKEN_OVER_MS = 30_000;

testOnOwnKafka(
  'the only broker is killed three times and stopped for 30 seconds under load: nothing is lost, repeated or out of order',
  { nodes: 1 },
  async (t, kafka) => {
    t.timeout(600_000);
    const [node] = kafka.nodes;
    if (node === undefined) throw new Error('one node was asked for');
    const load = await startCopyLoad(t, kafka);
    for (let kill = 1; kill <= 3; kill++) {
      await node.restart();
      t.log(`killed: at work ${await load.untilProgress(HEALED_MS)} ms after it serves again`);
      await load.more(6_000);
    }
    for (const stoppedMs of [15_000, 30_000]) {
      await node.kill('SIGSTOP');
      await setTimeout(stoppedMs);
      await node.kill('SIGCONT');
      t.log(
        `stopped for ${stoppedMs} ms: at work ${await load.untilProgress(HEALED_MS)} ms after it was woken`,
      );
      await load.more(6_000);
    }
    await load.finish();
  },
);

testOnOwnKafka(
  'of three nodes a leader and the coordinator are killed, a leader is stopped, and all are started anew in turn: nothing is lost or repeated',
  { nodes: 3 },
  async (t, kafka) => {
    t.timeout(900_000);
    const load = await startCopyLoad(t, kafka);
    await assertThreeReplicas(t, kafka, load.inputTopic);
    await assertThreeReplicas(t, kafka, load.outputTopic);

    for (const role of ['leader', 'coordinator'] as const) {
      const node = await (role === 'leader'
        ? leaderOf(kafka, load.outputTopic, 0)
        : coordinatorOf(kafka, load.groupId));
      await node.kill('SIGKILL');
      t.log(`${role} killed: all at work after ${await load.untilProgress(TAKEN_OVER_MS)} ms`);
      await load.more(6_000);
      await node.restart();
      t.log(`${role} started again: all at work after ${await load.untilProgress(HEALED_MS)} ms`);
      await untilReplicated(kafka);
    }

    const frozen = await leaderOf(kafka, load.inputTopic, 0);
    await frozen.kill('SIGSTOP');
    t.log(`leader stopped: all at work after ${await load.untilProgress(TAKEN_OVER_MS)} ms`);
    await setTimeout(20_000);
    await frozen.kill('SIGCONT');
    t.log(`leader woken: all at work after ${await load.untilProgress(HEALED_MS)} ms`);
    await untilReplicated(kafka);

    for (const node of kafka.nodes) {
      await node.kill('SIGTERM');
      await node.restart();
      t.log(`node ${node.id} started anew: all at work after ${await load.untilProgress(HEALED_MS)} ms`);
      await untilReplicated(kafka);
      await load.more(3_000);
    }
    await load.finish();
  },
);
