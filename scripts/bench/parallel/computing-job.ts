// A job that computes and sends nothing: each batch keeps its process busy for as long. When it
// ends it leaves a file that says from when until when it was at work.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineJob } from '../../../source/index.ts';

/** What the environment says of the job. */
const { PARALLEL_NAME = '', PARALLEL_INPUT = '', PARALLEL_BATCH_MS = '', PARALLEL_FOLDER = '' } = process.env;

let from = Number.POSITIVE_INFINITY;
let to = 0;

export default defineJob({
  topicProcessorName: PARALLEL_NAME,
  inputTopics: [PARALLEL_INPUT],
  batchSize: 100,
  processor: {
    process() {
      from = Math.min(from, Date.now());
      const end = performance.now() + Number(PARALLEL_BATCH_MS);
      while (performance.now() < end);
      to = Date.now();
    },
    close() {
      writeFileSync(join(PARALLEL_FOLDER, `${process.pid}.json`), JSON.stringify({ from, to }));
    },
  },
});
