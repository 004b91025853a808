import { once } from 'node:events';
import { Redis } from 'ioredis';
import { json, prefetch, TopicProcessor } from '../../../source/index.ts';
import { RedisStore, withCodec } from '../../../stores/index.ts';

/** A sum, and for each input topic-partition the next offset that is not in it yet. */
export interface HeldSum {
  readonly sum: number;
  readonly next: Readonly<Record<string, number>>;
}

/** What {@link HeldSum} jobs are told, as JSON in the first argument. */
export interface HeldSumsOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly name: string;
  readonly redis: { readonly host: string; readonly port: number };
  readonly keyPrefix: string;
  readonly timeoutMs: number;
  /** Each batch waits between its read and its write for SIGUSR2. */
  readonly isHeld: boolean;
}

/**
 * A program that sums up numbers by key, exactly, in a Redis. It says on standard output what
 * happens, and lives on until it is ended, but for a failure.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as HeldSumsOptions;
const { brokers, topic, name, redis, keyPrefix, timeoutMs, isHeld } = options;
const client = new Redis({ ...redis, maxRetriesPerRequest: null });
client.on('error', () => undefined);
const sums = withCodec(new RedisStore({ client, keyPrefix, timeoutMs }), json<HeldSum>());
const processor = new TopicProcessor(
  {
    topicProcessorName: name,
    client: { brokers: [...brokers] },
    inputTopics: [topic],
    inputPartitions: [0],
    batchWaitMs: 0,
    stores: { sums },
    logger: {
      debug: () => undefined,
      info: (message) => {
        console.log(`info ${message}`);
      },
      warn: (message, fields) => {
        console.log(`warn ${message} ${JSON.stringify(fields)}`);
      },
      error: (message) => {
        console.log(`error ${message}`);
      },
      child() {
        return this;
      },
    },
  },
  prefetch(
    sums,
    ({ keyText }) => keyText,
    async (messages, _sender, view) => {
      for (const { keyText, valueText, partition, offset } of messages) {
        const { sum, next } = view.get(keyText ?? '') ?? { sum: 0, next: {} };
        const from = `${topic}/${partition}`;
        if (offset < (next[from] ?? 0)) continue;
        view.set(keyText ?? '', { sum: sum + Number(valueText), next: { ...next, [from]: offset + 1 } });
      }
      console.log(`read ${messages.length}`);
      if (isHeld) await once(process, 'SIGUSR2');
    },
  ),
);
processor.on('batch', ({ step, ranges }) => {
  console.log(`${step} to ${ranges[0]?.last}`);
});
await processor.runLoop().then(
  () => {
    console.log('ended well');
  },
  (error: unknown) => {
    console.log(`ended by ${String(error)}`);
    // As a supervisor would see it: nothing is left to wait for.
    process.exit(1);
  },
);
