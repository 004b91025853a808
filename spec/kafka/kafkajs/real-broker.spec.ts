import { ConnectionError } from '../../../source/kernel/errors.ts';
import { startKafka } from '../../../scripts/services/kafka-server.ts';
import { freePorts } from '../../../scripts/services/free-ports.ts';
import { testOnReal, testOnOwnKafka, randomName, type OwnKafka } from '../../_helpers/servers/services.ts';
import { until } from '../../_helpers/until.ts';
import {
  appendNumbers,
  Collector,
  connectClient,
  newClient,
  numbers,
  openSource,
  partitionsOf,
  sendNumbers,
  startAt,
} from './test-client.ts';
import type { ExecutionContext } from 'ava';

const PARTITIONS = 6;

/**
 * Sends and reads without a pause while `fault` happens and for as long as it takes to get over it.
 */
async function sendAndReadThrough(
  t: ExecutionContext,
  kafka: OwnKafka,
  fault: () => Promise<void>,
): Promise<void> {
  const topic = randomName('through');
  await kafka.createTopic(topic, PARTITIONS);
  const client = await connectClient(t, kafka.brokers, { retryTimeoutMs: 90_000 });
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 90_000 });
  await sink.loadTopic(topic);
  const collector = new Collector();
  const source = openSource(t, client, { retryTimeoutMs: 90_000 });
  collector.read(source, startAt(partitionsOf(topic, PARTITIONS)));

  let sent = 0;
  const stop = new AbortController();
  const sending = (async () => {
    const accumulator = sink.accumulator();
    while (!stop.signal.aborted) {
      appendNumbers(accumulator, topic, PARTITIONS, 600, sent);
      await accumulator.flush();
      sent += 600;
    }
  })();
  await collector.untilCount(3_000, 60_000);
  await fault();
  const before = sent;
  await until(() => sent >= before + 6_000, { deadlineMs: 90_000, what: 'sending to continue' });
  stop.abort();
  await sending;
  await collector.untilCount(sent, 60_000);
  t.deepEqual(collector.sorted(), numbers(sent));
  for (let partition = 0; partition < PARTITIONS; partition++) {
    t.deepEqual(
      collector.values(topic, partition),
      numbers(sent).filter((i) => i % PARTITIONS === partition),
    );
  }
}

testOnOwnKafka(
  'a leader that is killed, or stopped and woken again, costs no record and repeats none',
  { nodes: 3 },
  async (t, kafka) => {
    const [first, second] = kafka.nodes;
    if (first === undefined || second === undefined) throw new Error('three nodes were asked for');
    await sendAndReadThrough(t, kafka, () => first.kill('SIGKILL'));
    await first.restart();
    await sendAndReadThrough(t, kafka, () => second.kill('SIGSTOP'));
    await second.kill('SIGCONT');
  },
);

const USER = { mechanism: 'plain', username: 'kasper', password: 'secret' } as const;

testOnReal(
  'SASL: the right password is let in and renewed, a wrong one is refused immediately with what to check',
  async (t) => {
    t.timeout(120_000);
    const [plain = 0, secured = 0] = await freePorts(2);
    const listeners = `PLAIN://127.0.0.1:${plain},SECURED://127.0.0.1:${secured}`;
    const kafka = await startKafka({
      ports: [plain],
      properties: {
        listeners: `${listeners},CONTROLLER://127.0.0.1:${plain + 1}`,
        'advertised.listeners': listeners,
        'listener.security.protocol.map': 'SECURED:SASL_PLAINTEXT,PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'inter.broker.listener.name': 'PLAIN',
        'sasl.enabled.mechanisms': 'PLAIN',
        'connections.max.reauth.ms': '4000',
        'listener.name.secured.plain.sasl.jaas.config':
          'org.apache.kafka.common.security.plain.PlainLoginModule required user_kasper="secret";',
      },
    });
    t.teardown(() => kafka.stop());
    const options = { brokers: [`127.0.0.1:${secured}`], reauthenticationThreshold: 2_000 };
    const client = await connectClient(t, { ...options, sasl: USER });
    const topic = randomName('sasl');
    await client.createTopics([{ topic, partitionCount: 2 }]);
    const collector = new Collector();
    collector.read(openSource(t, client), startAt(partitionsOf(topic, 2)));
    // Longer than two sessions.
    const end = performance.now() + 9_000;
    let sent = 0;
    while (performance.now() < end) {
      await sendNumbers(client, topic, 2, 20, { from: sent });
      sent += 20;
    }
    await collector.untilCount(sent);
    t.deepEqual(collector.sorted(), numbers(sent));
    t.deepEqual(collector.errors, []);

    const stranger = newClient(t, { ...options, sasl: { ...USER, password: 'wrong' } });
    const started = performance.now();
    const error = await t.throwsAsync(stranger.connect(), { instanceOf: ConnectionError });
    t.true(performance.now() - started < 5_000);
    t.false(error.retriable);
    t.regex(error.message, /password in the sasl option/);
  },
);
