import { deadLetterHeaders } from '../../../source/index.ts';
import type { FinishedRun } from '../finished-run.ts';
import { numberHeader, type Invariant, type OutputRecord } from '../workload.ts';
import type { Violation } from '../violation.ts';
import { InputBooks } from '../input-books.ts';
import { Cases } from './cases.ts';
import { inputRecords } from './input-records.ts';

const NAME = 'poison-dead-lettered';

/** The workload's names of the topics. */
export interface PoisonDeadLetteredOptions {
  readonly input: string;
  readonly letters: string;
  readonly output: string;
}

/** What a dead letter must say of its record, as text that shows all of it. */
interface Contents {
  readonly key: string;
  readonly value: string;
  readonly headers: string;
  /** Undefined of a record that is not in the input any more. */
  timestamp: string | undefined;
  /** Where it was: topic, partition and offset. */
  origin: string | undefined;
}

/**
 * Each record that cannot be processed is in the dead-letter topic, once or more: with the key, value
 * and headers that were made, byte for byte, the timestamp and the place that it has in the input. None
 * of them has an output.
 */
export function poisonDeadLettered({ input, letters, output }: PoisonDeadLetteredOptions): Invariant {
  return {
    name: NAME,
    async check(run) {
      const wanted = await poisonOf(run, input);
      const left = new Set(wanted.keys());
      const changed = new Cases(NAME, 'dead letters are not what was read');
      const displaced = new Cases(NAME, 'dead letters are of no poison');
      await run.read(letters, (letter) => {
        const { partition } = deadLetterHeaders;
        const record = `${String(letter.header(partition))}/${String(letter.header(numberHeader))}`;
        const poison = wanted.get(record);
        const where = () => `${letters}/${letter.partition} offset ${letter.offset}, of record ${record}`;
        if (poison === undefined) {
          displaced.add(where);
          return;
        }
        left.delete(record);
        const difference = differenceOf(poison, letter);
        if (difference !== undefined) changed.add(() => `${where()}: ${difference}`);
      });
      const missing = new Cases(NAME, `of ${wanted.size} poison records have no dead letter`);
      for (const record of left) missing.add(() => record);
      return [
        ...missing.violations,
        ...changed.violations,
        ...displaced.violations,
        ...(await processed(run, output)),
      ];
    },
  };
}

/** The poison records that were made, by `partition/n`. */
async function poisonOf(run: FinishedRun, topic: string): Promise<ReadonlyMap<string, Contents>> {
  const made = new Map<string, Contents>();
  for (const { partition, n, record } of inputRecords(run)) {
    if (record.poison === undefined) continue;
    const headers = InputBooks.headersOf(record, n);
    made.set(`${partition}/${n}`, {
      key: shown(record.key === null ? null : Buffer.from(record.key)),
      value: shown(record.value),
      headers: headersText(
        headers.flatMap((name, at) => (at % 2 === 0 ? [[String(name), headers[at + 1]]] : [])),
      ),
      timestamp: undefined,
      origin: undefined,
    });
  }
  await run.read(topic, (record) => {
    const { partition, offset, timestamp } = record;
    const poison = made.get(`${partition}/${String(record.header(numberHeader))}`);
    if (poison === undefined) return;
    poison.timestamp = String(timestamp);
    poison.origin = `${run.topic(topic)}/${partition}/${offset}`;
  });
  return made;
}

function differenceOf(wanted: Contents, letter: OutputRecord): string | undefined {
  const { topic, partition, offset, prefix } = deadLetterHeaders;
  const found: Contents = {
    key: shown(letter.key),
    value: shown(letter.value),
    headers: headersText(letter.headers.filter(([name]) => !name.startsWith(prefix))),
    timestamp: String(letter.timestamp),
    origin: [topic, partition, offset].map((name) => String(letter.header(name))).join('/'),
  };
  for (const part of ['key', 'value', 'headers', 'timestamp', 'origin'] as const)
    if (wanted[part] !== undefined && wanted[part] !== found[part])
      return `its ${part} is ${cut(String(found[part]))}, not ${cut(wanted[part])}`;
  return undefined;
}

function headersText(
  headers: readonly (readonly [name: string, value: Buffer | string | null | undefined])[],
): string {
  return headers
    .map(
      ([name, value]) =>
        `${JSON.stringify(name)} ${shown(value === null || value === undefined ? null : Buffer.from(value))}`,
    )
    .join(', ');
}

function shown(bytes: Buffer | null): string {
  return bytes === null ? 'null' : `[${bytes.toString('hex')}]`;
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}… (${text.length} characters)` : text;
}

async function processed(run: FinishedRun, output: string): Promise<readonly Violation[]> {
  const out = new Cases(NAME, 'poison records have an output');
  (await run.outputs('output')).forEach(({ partition, n, offset, outputPartition }) => {
    if (run.input.record(partition, n).poison === undefined) return;
    out.add(() => `${output}/${outputPartition} offset ${offset}, of record ${partition}/${n}`);
  });
  return out.violations;
}
