import { setTimeout } from 'node:timers/promises';
import { assertThreeReplicas, leaderOf } from '../_helpers/servers/cluster-roles.ts';
import { startCopyLoad } from '../_helpers/jobs/copy-load.ts';
import { testOnOwnKafka } from '../_helpers/servers/services.ts';

/** Faults that take longer are in spec/long. */
const STOPPED_MS = 6_000;
/** How soon after a cluster is whole again every partition must go on. */
const HEALED_MS = 15_000;

testOnOwnKafka(
  'the only broker is killed and started again, then stopped and woken: no record is lost, repeated or out of order',
  { nodes: 1 },
  async (t, kafka) => {
    const [node] = kafka.nodes;
    if (node === undefined) throw new Error('one node was asked for');
    const load = await startCopyLoad(t, kafka);
    await node.restart();
    t.log(`killed: at work ${await load.untilProgress(HEALED_MS)} ms after it serves again`);
    await load.more(3_000);
    await node.kill('SIGSTOP');
    await setTimeout(STOPPED_MS);
    await node.kill('SIGCONT');
    t.log(`stopped: at work ${await load.untilProgress(HEALED_MS)} ms after it was woken`);
    await load.more(3_000);
    await load.finish();
  },
);

testOnOwnKafka(
  'the leader of a partition is killed with records on their way: the others take over, and no record is lost or repeated',
  { nodes: 3 },
  async (t, kafka) => {
    const load = await startCopyLoad(t, kafka);
    await assertThreeReplicas(t, kafka, load.outputTopic);
    const leader = await leaderOf(kafka, load.outputTopic, 0);
    await leader.kill('SIGKILL');
    t.log(`killed: all partitions at work after ${await load.untilProgress(30_000)} ms`);
    await load.more(3_000);
    await load.finish();
  },
);
