import { Redis } from 'ioredis';
import type { Batch, Message } from 'kafkajs';
import { countSums } from '../input-records.ts';
import { FILTER_DIGIT, ZERO } from '../jobs/filter.ts';
import type { JobName } from '../jobs/job-names.ts';
import type { JsonValue } from '../jobs/json-values.ts';
import type { Sums } from '../measure.ts';
import type { Task } from '../task.ts';
import { addToRedis } from './redis-counts.ts';

/** Sends messages to the output, and waits for their acks. */
type Send = (messages: Message[]) => Promise<void>;

/** A job as a program on kafkajs has it. */
interface KafkajsJob {
  readonly sends: boolean;
  process(batch: Batch): Promise<void> | void;
  readonly sums?: () => Sums;
  readonly close?: () => void;
}

/** The jobs that kafkajs is measured at. */
export const kafkajsJobs: Readonly<Partial<Record<JobName, (task: Task, send: Send) => KafkajsJob>>> = {
  consume() {
    let bytes = 0;
    return {
      sends: false,
      process({ messages }) {
        for (const { key, value } of messages) bytes += (key?.length ?? 0) + (value?.length ?? 0);
      },
      sums: () => ({ bytes }),
    };
  },
  copy: (_task, send) => ({
    sends: true,
    process: ({ messages, partition }) => send(messages.map(({ key, value }) => ({ key, value, partition }))),
  }),
  forward: (_task, send) => ({
    sends: true,
    process: ({ messages }) =>
      send(messages.map(({ key, value, headers }) => ({ key, value, headers: headers ?? {} }))),
  }),
  filter: (_task, send) => ({
    sends: true,
    async process({ messages, partition }) {
      const kept = messages.filter(({ key }) => key?.[FILTER_DIGIT] === ZERO);
      if (kept.length > 0) await send(kept.map(({ key, value }) => ({ key, value, partition })));
    },
  }),
  json(_task, send) {
    let n = 0;
    return {
      sends: true,
      process: ({ messages, partition }) =>
        send(
          messages.map(({ key, value }) => {
            const found = JSON.parse(value?.toString() ?? '') as JsonValue;
            n += found.n;
            const changed = { n: found.n + 1, active: found.active, text: found.text };
            return { key, value: JSON.stringify(changed), partition };
          }),
        ),
      sums: () => ({ n }),
    };
  },
  'count-redis'({ port }) {
    const redis = new Redis(port);
    return {
      sends: false,
      process: ({ messages }) => addToRedis(redis, messages),
      close() {
        redis.disconnect();
      },
    };
  },
  'count-map'() {
    const counts = new Map<string, number>();
    return {
      sends: false,
      process({ messages }) {
        for (const { key } of messages) {
          if (key === null) continue;
          const text = key.toString('latin1');
          counts.set(text, (counts.get(text) ?? 0) + 1);
        }
      },
      sums: () => countSums(counts),
    };
  },
};
