import { TopicProcessor } from '../../../source/index.ts';

/**
 * Arguments: brokers, topic, name of the job, and the number of the batch that is held until
 * SIGUSR2. Says on standard output what happens.
 */
const [brokers = '', topic = '', topicProcessorName = '', held = '0'] = process.argv.slice(2);
let batches = 0;
const processor = new TopicProcessor(
  {
    topicProcessorName,
    client: { brokers: brokers.split(',') },
    inputTopics: [topic],
    inputPartitions: [0],
    batchSize: 5,
    batchWaitMs: 0,
  },
  {
    async process(messages) {
      const goOn = new Promise<void>((resolve) => {
        process.once('SIGUSR2', resolve);
      });
      batches++;
      console.log(`batch ${batches} from ${messages[0]?.offset}`);
      if (batches === Number(held)) await goOn;
    },
  },
);
processor.on('state', ({ to }) => {
  console.log(`state ${to}`);
});
await processor.runLoop().then(
  () => {
    console.log('ended well');
  },
  (error: unknown) => {
    console.log(`ended by ${String(error)}`);
  },
);
