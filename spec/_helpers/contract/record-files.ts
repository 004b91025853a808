import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import type { NotedAnswers } from './contract-stage.ts';

/** A record: the answers of Apache Kafka by the titles of the cases. */
export type AnswerRecord = Readonly<Record<string, NotedAnswers>>;

/** How a record is made. */
export const recordCommand = 'npm run contract';

/** The file of a record. */
export function recordFile(name: string): string {
  return join(repositoryRoot, 'spec/_helpers/contract/recorded', `${name}.json`);
}

/** Reads a record. @throws Error if there is none */
export function readRecord(name: string): AnswerRecord {
  return JSON.parse(readFileSync(recordFile(name), 'utf8')) as AnswerRecord;
}
