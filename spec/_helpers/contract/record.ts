import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { provideService } from '../../../scripts/services/provide.ts';
import type { SpecOwner } from '../raw/raw-client.ts';
import type { RecordedCase, RecordedCases } from './contract-case.ts';
import { ContractStage, type NotedAnswers } from './contract-stage.ts';
import { recordFile, type AnswerRecord } from './record-files.ts';
import { recordedContract } from './recorded-contract.ts';

/** Of one case. */
const deadlineMs = 60_000;

/**
 * Plays the recorded cases of the contract on Apache Kafka, and writes what it answers:
 *
 *     npm run contract                       all records
 *     npm run contract -- produce topics     these
 *
 * KASPER_KAFKA, the address of a broker, is used if it is set; else one is started.
 */
async function main(names: readonly string[]): Promise<void> {
  const known = recordedContract.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no record ${unknown}; there are ${known.join(', ')}`);
  const wanted = recordedContract.filter(({ name }) => names.length === 0 || names.includes(name));
  const given = process.env['KASPER_KAFKA'] ?? '';
  if (given !== '') return writeRecords(wanted, given.split(','));
  const kafka = await provideService('kafka', { ports: 'free', lifetime: 'with-starter' });
  try {
    await writeRecords(wanted, kafka.addresses);
  } finally {
    await kafka.stop();
  }
}

async function writeRecords(wanted: readonly RecordedCases[], brokers: readonly string[]): Promise<void> {
  for (const { name, cases } of wanted) {
    const played = await Promise.all(
      cases.map(async (each) => [each.title, await playOnce(each, brokers)] as const),
    );
    await writeRecord(name, Object.fromEntries(played));
    console.log(`${recordFile(name)}: ${cases.length} cases`);
  }
}

async function playOnce({ title, play }: RecordedCase, brokers: readonly string[]): Promise<NotedAnswers> {
  const ends: (() => unknown)[] = [];
  const owner: SpecOwner = { teardown: (end) => void ends.push(end) };
  const stage = new ContractStage(owner, { brokers });
  try {
    await Promise.race([play(stage), tooLong()]);
    return stage.noted;
  } catch (cause) {
    const sofar = JSON.stringify(stage.noted);
    throw new Error(`Not recorded: ${title}, of which is noted ${sofar}`, { cause });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => {
      reject(new Error(`It takes more than ${deadlineMs} ms`));
    };
    setTimeout(fail, deadlineMs).unref();
  });
}

async function writeRecord(name: string, record: AnswerRecord): Promise<void> {
  const file = recordFile(name);
  const text = await format(JSON.stringify(record), { ...(await resolveConfig(file)), filepath: file });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

await main(process.argv.slice(2));
