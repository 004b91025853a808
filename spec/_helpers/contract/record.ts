import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { kafkaClassPath } from '../../../scripts/services/kafka-class-path.ts';
import { provideService } from '../../../scripts/services/provide.ts';
import { clientRequestsFile, requestsOf, type AskedVersions } from '../clients/client-requests.ts';
import { clientRuns } from '../clients/client-runs.ts';
import type { SpecOwner } from '../raw/raw-client.ts';
import type { RecordedCase, RecordedCases } from './contract-case.ts';
import { ContractStage, type NotedAnswers } from './contract-stage.ts';
import { recordFile, type AnswerRecord } from './record-files.ts';
import { recordedContract } from './recorded-contract.ts';

const CLIENTS = 'clients';
/** Of one case. */
const deadlineMs = 60_000;

/**
 * Plays the recorded cases of the contract on Apache Kafka, and writes what it answers:
 *
 *     npm run contract                       all records
 *     npm run contract -- produce topics     these
 *     npm run contract -- clients            what each client asks the embedded cluster for
 *
 * KASPER_KAFKA, the address of a broker, is used if it is set; else one is started.
 */
async function main(names: readonly string[]): Promise<void> {
  const known = [...recordedContract.map(({ name }) => name), CLIENTS];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no record ${unknown}; there are ${known.join(', ')}`);
  if (names.includes(CLIENTS)) await writeClientRequests();
  const wanted = recordedContract.filter(({ name }) => names.length === 0 || names.includes(name));
  const given = process.env['KASPER_KAFKA'] ?? '';
  if (wanted.length === 0) return;
  if (given !== '') return writeRecords(wanted, given.split(','));
  const kafka = await provideService('kafka', { ports: 'free', lifetime: 'with-starter' });
  try {
    await writeRecords(wanted, kafka.addresses);
  } finally {
    await kafka.stop();
  }
}

/** What each client asks for, of those that can run here. */
async function writeClientRequests(): Promise<void> {
  const libs = await kafkaClassPath();
  const requests: Record<string, AskedVersions> = {};
  for (const run of clientRuns) requests[run.client] = await requestsOf(run, libs);
  const options = { ...(await resolveConfig(clientRequestsFile)), filepath: clientRequestsFile };
  writeFileSync(clientRequestsFile, await format(JSON.stringify(requests), options));
  console.log(`${clientRequestsFile}: ${clientRuns.length} clients`);
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
