import { parentPort } from 'node:worker_threads';
import { prepareCompression } from '../../kafka/records/compression.ts';
import { ErrorCodes } from '../../kafka/wire/error-codes.ts';
import type { ThreadAnswer, ThreadTask } from './check-thread.ts';
import { inflateRecords } from './inflated-records.ts';
import { RecordCheck } from './record-check.ts';
import type { RecordVerdict } from './record-check.ts';

/** No batch may inflate to more: a broker has no such limit. */
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;

// The file that a CheckThread runs.
await prepareCompression();
parentPort?.on('message', (task: ThreadTask) => {
  const answer: ThreadAnswer = { id: task.id, ...check(task) };
  parentPort?.postMessage(answer);
});

function check({ codec, records, rules }: ThreadTask): RecordVerdict {
  const inflated = inflateRecords(codec, Buffer.from(records.buffer), MAX_INFLATED_BYTES);
  if (inflated === 'beyond') return { code: ErrorCodes.INVALID_RECORD, maxTimestamp: -1 };
  if (typeof inflated === 'number') return { code: inflated, maxTimestamp: -1 };
  const checking = new RecordCheck({ bytes: inflated, start: 0, wereCompressed: true }, rules);
  return checking.advance(Infinity) ?? { code: ErrorCodes.INVALID_RECORD, maxTimestamp: -1 };
}
