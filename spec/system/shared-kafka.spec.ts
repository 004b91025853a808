import { describeKafka } from '../../scripts/services/kafka-probe.ts';
import { describeTopic } from '../_helpers/servers/cluster-roles.ts';
import { sharedNodes, testOnReal } from '../_helpers/servers/services.ts';
import { systemJob, values, write } from '../_helpers/jobs/system-job.ts';

/**
 * Each partition that kafka-topics.sh describes, as the numbers of its replicas and of those in
 * sync.
 */
function replicasIn(text: string): { replicas: number; inSync: number }[] {
  return [...text.matchAll(/Partition: .*Replicas: (\S+)\s+Isr: (\S+)/g)].map(([, replicas, inSync]) => ({
    replicas: replicas?.split(',').length ?? 0,
    inSync: inSync?.split(',').length ?? 0,
  }));
}

testOnReal(
  `Kafka for the specs is release 4.1 with ${sharedNodes} of ${sharedNodes} brokers, and everything has ${sharedNodes} replicas`,
  async (t, kafka) => {
    t.is(kafka.brokers.length, sharedNodes);
    for (const broker of kafka.brokers)
      t.deepEqual(await describeKafka(broker), { nodes: sharedNodes, fetchVersion: 18 });

    const job = await systemJob(t, kafka, {}, 2);
    await write(kafka, job.topic, values(3));
    // The offsets topic is there once something was committed.
    await job.make().runToEnd();
    t.is((await job.committed()).offset, 3);

    const all = { replicas: sharedNodes, inSync: sharedNodes };
    const topic = await describeTopic(kafka, job.topic);
    t.deepEqual(replicasIn(topic), [all, all], topic);
    const offsets = await describeTopic(kafka, '__consumer_offsets');
    t.deepEqual(replicasIn(offsets), [all, all, all, all], offsets);
    for (const text of [topic, offsets])
      t.regex(text, new RegExp(`min\\.insync\\.replicas=${sharedNodes === 1 ? 1 : 2}\\b`));
  },
);
