import type { Batch, Message } from 'kafkajs';
import { countSums } from '../input-records.ts';
import type { JobName } from '../jobs/job.ts';
import type { Sums } from '../measure.ts';
import type { Task } from '../task.ts';

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
