import { samePartition, type Job } from './job.ts';

/** Two topics, joined by partition: the right one looks up what is known of a key from the left. */
export const join: Job = {
  name: 'join',
  title:
    'keep the size of the last value of each key of one topic, look it up for each record of another one, and send that on',
  value: 'text',
  inputs: 2,
  concurrency: 1,
  expectedSums: ([left, right]) => ({ left: left?.records ?? 0, right: right?.records ?? 0 }),
  output: { input: 1, ...samePartition },
  kasper({ inputs, output }) {
    const [leftTopic] = inputs;
    const sizes = new Map<string, number>();
    let left = 0;
    let right = 0;
    let matched = 0;
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
              // Which of the two comes first is not certain: the record goes on in either case.
              if (sizes.has(keyText)) matched++;
              sender.send({ topic: output, key: keyText, value, partition: message.partition });
            }
          }
        },
      },
      sums: () => ({ left, right, matched }),
    };
  },
};
