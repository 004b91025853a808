import type { ExecutionContext } from 'ava';
import { Partitioners } from 'kafkajs';
import { BatchError, eachMessage, type ProcessFunction } from '../../source/index.ts';
import type { ConsumerMessage } from '../../source/message.ts';
import { kafkajsFor, systemJob } from '../_helpers/jobs/system-job.ts';
import { randomName, testOnBoth, type TestCluster } from '../_helpers/servers/services.ts';
import { connectClient, readAll } from '../kafka/kafkajs/test-client.ts';

/** The timestamps are old, and a broker would delete the records within minutes. */
const FOREVER = { 'retention.ms': '-1' };
const FIRST_TIMESTAMP = 1_700_000_000_000;
const RECORDS = Array.from({ length: 60 }, (_, at) => ({
  key: at % 5 === 4 ? null : `key-${at % 13}`,
  value: at % 7 === 6 ? null : `value-${at}`,
  headers: { at: String(at), twice: ['a', 'b'] },
  timestamp: String(FIRST_TIMESTAMP + at * 1000),
}));

/** By kafkajs's own producer, so that not the same code encodes. */
async function writeRecords(cluster: TestCluster, topic: string): Promise<void> {
  const producer = kafkajsFor(cluster).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, messages: RECORDS });
  } finally {
    await producer.disconnect();
  }
}

/** What a topic holds, in the order in which it was written. */
function contentOf(messages: readonly ConsumerMessage[]) {
  return messages
    .map(({ partition, keyText, valueText, timestamp, headers }) => ({
      at: Number(headers.get('at')?.toString()),
      // Those without a key are spread.
      partition: keyText === null ? undefined : partition,
      key: keyText,
      value: valueText,
      timestamp,
      headers: [...headers].map(([name, value]) => `${name}=${String(value)}`).join(),
    }))
    .toSorted((a, b) => a.at - b.at);
}

/** Reads what is in a topic that has so many records. */
async function contentReader(t: ExecutionContext, brokers: readonly string[]) {
  const client = await connectClient(t, brokers);
  return async (topic: string, count: number) => {
    const { chunks } = await readAll(t, client, topic, 4, count);
    return contentOf(chunks.flatMap(({ messages }) => messages.slice()));
  };
}

for (const compression of ['none', 'zstd'] as const) {
  testOnBoth(
    `records that are forwarded keep key, value, headers, timestamp and order of their keys, with compression ${compression}`,
    async (t, cluster) => {
      const job = await systemJob(t, cluster, FOREVER, 4);
      const all = randomName('all');
      const odd = randomName('odd');
      await cluster.createTopic(all, 4, FOREVER);
      await cluster.createTopic(odd, 4, FOREVER);
      await writeRecords(cluster, job.topic);
      const process: ProcessFunction = (messages, sender) => {
        for (const message of messages) {
          sender.forward(message, { topic: all });
          const at = Number(message.headers.get('at')?.toString());
          if (at % 2 === 1) sender.forward(message, { topic: odd, value: `odd-${at}`, timestamp: at });
        }
      };
      const summary = await job.make({ compression }, { process }).runToEnd();
      t.is(summary.sent, RECORDS.length * 1.5);

      const read = await contentReader(t, cluster.brokers);
      const input = await read(job.topic, RECORDS.length);
      t.is(input.length, RECORDS.length);
      t.deepEqual(await read(all, RECORDS.length), input);
      t.deepEqual(
        await read(odd, RECORDS.length / 2),
        input
          .filter(({ at }) => at % 2 === 1)
          .map((one) => ({ ...one, value: `odd-${one.at}`, timestamp: one.at })),
      );
    },
  );
}

testOnBoth(
  'what eachMessage forwarded for a message that fails is taken back, and set aside by a middleware',
  async (t, cluster) => {
    const job = await systemJob(t, cluster, FOREVER, 4);
    const done = randomName('done');
    const failed = randomName('failed');
    await cluster.createTopic(done, 4, FOREVER);
    await cluster.createTopic(failed, 4, FOREVER);
    await writeRecords(cluster, job.topic);
    const isBad = (at: number) => at % 10 === 4;
    const handle = eachMessage((message, sender) => {
      sender.forward(message, { topic: done });
      if (isBad(Number(message.headers.get('at')?.toString()))) throw new Error('bad');
    });
    await job
      .make(
        {
          middleware: [
            (next) => async (messages, sender, context) => {
              try {
                await next(messages, sender, context);
              } catch (error) {
                if (!(error instanceof BatchError)) throw error;
                for (const { message } of error.failures) sender.forward(message, { topic: failed });
              }
            },
          ],
        },
        handle,
      )
      .runToEnd();

    const read = await contentReader(t, cluster.brokers);
    const input = await read(job.topic, RECORDS.length);
    // Those without a key have no order to keep: each of these fails for itself.
    const bad = input.filter(({ at }) => isBad(at));
    t.is(bad.length, 6);
    t.deepEqual(await read(failed, bad.length), bad);
    t.deepEqual(
      await read(done, RECORDS.length - bad.length),
      input.filter(({ at }) => !isBad(at)),
    );
  },
);
