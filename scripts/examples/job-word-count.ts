/**
 * A job for the command line: what to read and how to process it. Where Kafka is, which partitions,
 * and how long to run is said on the command line.
 *
 *   kasper broker --topic lines:4 --topic words:4
 *   echo 'to be or not to be' | kcat -b localhost:9092 -P -t lines
 *   kasper run dist/scripts/examples/job-word-count.js --brokers localhost:9092 --to-end
 */
import { defineJob } from 'kasper-ts';

export default defineJob({
  topicProcessorName: 'word-count',
  inputTopics: ['lines'],
  batchSize: 500,
  processor: {
    process(messages, sender) {
      const counts = new Map<string, number>();
      for (const { valueText } of messages) {
        for (const word of valueText?.split(/\W+/) ?? [])
          if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      for (const [word, count] of counts) sender.send({ topic: 'words', key: word, value: String(count) });
    },
  },
});

// expected: word-count: 1 record in 1 batch
