import { jobs } from '../jobs/jobs.ts';
import type { Contender } from './contender.ts';
import { dependencyVersion, nodeProgram } from './node-program.ts';

/** kafkajs: `eachBatch` with a commit after each, and `sendBatch`. */
export const kafkajs: Contender = {
  name: 'kafkajs',
  jobs: ['consume', 'copy', 'forward', 'filter', 'count-map', 'count-redis', 'json'],
  batches: 'as fetched',
  settings: { maxBytesPerPartition: 4_194_304, partitionsConsumedConcurrently: 1, messagesPerSend: 500 },
  sweep: (job) => ({
    maxBytesPerPartition: [1_048_576, 4_194_304, 10_485_760],
    partitionsConsumedConcurrently: [1, 4],
    ...(jobs[job].output !== undefined && { messagesPerSend: [500, 1000, 2000] }),
  }),
  prepare: async () => ({ version: await dependencyVersion('kafkajs'), ...nodeProgram('kafkajs.js') }),
};
