import { existsSync } from 'node:fs';
import test from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { createKafkaTopic } from '../../../scripts/services/kafka-probe.ts';
import { splitAddress } from '../../../scripts/services/kafka-request.ts';
import { isListening } from '../../../scripts/services/listening.ts';
import {
  consoleConsume,
  describeGroup,
  endOffsets,
  kcat,
  kcatRecords,
} from '../../_helpers/servers/kafka-tools.ts';
import { randomName, testOnOwnKafka, testOnReal } from '../../_helpers/servers/services.ts';

testOnReal("what librdkafka writes is what Kafka's own consumer and kcat read", async (t, kafka) => {
  const topic = randomName('tools');
  await kafka.createTopic(topic, 2, { 'retention.ms': '60000' });
  await kcat(kafka.brokers, ['-P', '-t', topic, '-p', '1', '-K', ':', '-Z', '-H', 'h=1'], 'a:one\nb:\n');

  const records = await kcatRecords(kafka.brokers, topic);
  t.deepEqual(
    records.map(({ partition, offset, key, value, headers }) => [partition, offset, key, value, headers]),
    [
      [1, 0, 'a', 'one', ['h', '1']],
      [1, 1, 'b', null, ['h', '1']],
    ],
  );
  t.deepEqual(await consoleConsume(kafka, topic, 2), [
    { partition: 1, offset: 0, key: 'a', value: 'one' },
    { partition: 1, offset: 1, key: 'b', value: null },
  ]);
  t.deepEqual(await endOffsets(kafka, topic), [0, 2]);
});

testOnReal("a group's committed offsets are read by Kafka's own tool", async (t, kafka) => {
  const topic = randomName('tools');
  const groupId = randomName('group');
  await kafka.createTopic(topic, 2);
  await kcat(kafka.brokers, ['-P', '-t', topic, '-p', '0'], 'a\nb\nc\n');
  const client = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '2' }] });

  t.deepEqual(await describeGroup(kafka, groupId), [
    { topic, partition: 0, offset: 2, endOffset: 3, lag: 1, consumerId: undefined },
  ]);
});

testOnOwnKafka(
  'a node that was killed comes back on its port with its data',
  { nodes: 3 },
  async (t, kafka) => {
    const topic = randomName('restart');
    await kafka.createTopic(topic, 1);
    await kcat(kafka.brokers, ['-P', '-t', topic, '-X', 'acks=all'], 'kept\n');
    const [node] = kafka.nodes;
    if (node === undefined) throw new Error('a cluster without nodes');
    const { pid, broker } = node;

    await node.kill('SIGKILL');
    t.false(await isListening(splitAddress(broker)[1]));
    await node.restart();

    t.not(node.pid, pid);
    t.deepEqual(
      (await kcatRecords([broker], topic)).map(({ value }) => value),
      ['kept'],
    );
    t.true(existsSync(node.logFile));
  },
);

testOnReal('a topic that the broker refuses is an error with its reason', async (t, kafka) => {
  const topic = { topic: 'no/such name', partitions: 1, config: {} };
  await t.throwsAsync(createKafkaTopic(kafka.brokers, topic), {
    message: /^Topic no\/such name was not created: code 17, /,
  });
});

test('an address that is not host:port is refused with the address in the message', (t) => {
  t.deepEqual(splitAddress('127.0.0.1:9092'), ['127.0.0.1', 9092]);
  for (const address of ['localhost', ':9092', 'localhost:port', 'localhost:70000']) {
    t.throws(() => splitAddress(address), { message: new RegExp(`this is not: ${address}$`) });
  }
});
