import { Redis } from 'ioredis';
import { countSums } from '../input-records.ts';
import { FILTER_DIGIT, ZERO } from '../jobs/filter.ts';
import type { JobName } from '../jobs/job-names.ts';
import type { JsonValue } from '../jobs/json-values.ts';
import type { Sums } from '../measure.ts';
import type { Task } from '../task.ts';
import type { PlatformaticMessage, PlatformaticRecord } from './platformatic-client.ts';
import { addToRedis } from './redis-counts.ts';

type Send = (records: PlatformaticRecord[]) => Promise<void>;

/** A job as a program on \@platformatic/kafka has it. */
interface PlatformaticJob {
  process(messages: readonly PlatformaticMessage[]): Promise<void> | void;
  readonly sums?: () => Sums;
  readonly close?: () => void;
}

/** The jobs that \@platformatic/kafka is measured at. */
export const platformaticJobs: Readonly<
  Partial<Record<JobName, (task: Task, send: Send) => PlatformaticJob>>
> = {
  consume() {
    let bytes = 0;
    return {
      process(messages) {
        for (const { key, value } of messages) bytes += key.length + value.length;
      },
      sums: () => ({ bytes }),
    };
  },
  copy: ({ output }, send) => ({
    process: (messages) => send(messages.map((message) => recordOf(message, output))),
  }),
  filter: ({ output }, send) => ({
    async process(messages) {
      const kept = messages.filter(({ key }) => key[FILTER_DIGIT] === ZERO);
      if (kept.length > 0) await send(kept.map((message) => recordOf(message, output)));
    },
  }),
  json({ output }, send) {
    let n = 0;
    return {
      process: (messages) =>
        send(
          messages.map((message) => {
            const found = JSON.parse(message.value.toString()) as JsonValue;
            n += found.n;
            const changed = { n: found.n + 1, active: found.active, text: found.text };
            return recordOf(message, output, Buffer.from(JSON.stringify(changed)));
          }),
        ),
      sums: () => ({ n }),
    };
  },
  'count-map'() {
    const counts = new Map<string, number>();
    return {
      process(messages) {
        for (const { key } of messages) {
          const text = key.toString('latin1');
          counts.set(text, (counts.get(text) ?? 0) + 1);
        }
      },
      sums: () => countSums(counts),
    };
  },
  'count-redis'({ port }) {
    const redis = new Redis(port);
    return {
      process: (messages) => addToRedis(redis, messages),
      close() {
        redis.disconnect();
      },
    };
  },
};

function recordOf(
  { key, value, partition }: PlatformaticMessage,
  topic: string,
  newValue = value,
): PlatformaticRecord {
  return { topic, partition, key, value: newValue };
}
