import { parentPort } from 'node:worker_threads';
import { prepareCompression } from '../../kafka/records/compression.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import { CheckTask, SearchTask } from './batch-task.ts';
import type { ThreadAnswer, ThreadTask } from './check-thread.ts';
import { MAX_INFLATED_BYTES } from './inflated-records.ts';
import { refusedRecords } from './record-check.ts';
import { failedSearch } from './time-search.ts';

// The file that a CheckThread runs.
await prepareCompression();
parentPort?.on('message', (task: ThreadTask) => {
  const answer: ThreadAnswer = { id: task.id, answer: answerTo(task) };
  parentPort?.postMessage(answer);
});

function answerTo(task: ThreadTask): ThreadAnswer['answer'] {
  const batch = Buffer.from(task.batch.buffer);
  const code = ErrorCodes.INVALID_RECORD;
  if (task.kind === 'check') {
    const verdict = new CheckTask(task.rules).run(batch, MAX_INFLATED_BYTES);
    return verdict === 'beyond' ? refusedRecords(code) : verdict;
  }
  const found = new SearchTask(task.query).run(batch, MAX_INFLATED_BYTES);
  return found === 'beyond' ? failedSearch(code) : found;
}
