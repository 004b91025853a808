import { recordsByPartition } from '../input-records.ts';
import type { Job } from './job.ts';

/** Two topics, joined by partition: records of the right one go on if the left one has their key. */
export const join: Job = {
  name: 'join',
  title: 'keep the last value of each key of one topic, and send each record of another one on with its size',
  value: 'text',
  inputs: 2,
  concurrency: 1,
  expectedSums: ([left, right]) => ({ left: left?.records ?? 0, right: right?.records ?? 0 }),
  expectedOutput: ([, right]) => (right === undefined ? [] : recordsByPartition(right)),
  kasper({ inputs, output }) {
    const [leftTopic] = inputs;
    const sizes = new Map<string, number>();
    let left = 0;
    let right = 0;
    return {
      processor: {
        process(messages, sender) {
          for (const message of messages) {
            const { keyText, value } = message;
            if (keyText === null || value === null) continue;
            if (message.topic === leftTopic) {
              left++;
              sizes.set(keyText, value.length);
            } else {
              right++;
              const { partition } = message;
              // Which of the two comes first is not certain: the record goes on in either case.
              const timestamp = sizes.get(keyText) ?? 1;
              sender.send({ topic: output, key: keyText, value, partition, timestamp });
            }
          }
        },
      },
      sums: () => ({ left, right }),
    };
  },
};
