import { deadLetterHeaders } from '../../../source/index.ts';
import type { FinishedRun } from '../finished-run.ts';
import { numberHeader, type Invariant, type OutputRecord } from '../workload.ts';
import type { Violation } from '../violation.ts';
import { Cases } from './cases.ts';

const NAME = 'poison-dead-lettered';

/** The workload's names of the topics. */
export interface PoisonDeadLetteredOptions {
  readonly input: string;
  readonly letters: string;
  readonly output: string;
}

/** What of a record must be in its dead letter byte for byte, as text that shows all of it. */
interface Contents {
  readonly key: string;
  readonly value: string;
  readonly headers: string;
  readonly timestamp: number;
}

/**
 * Each record that cannot be processed is in the dead-letter topic, once or more: with its key, value,
 * headers and timestamp byte for byte, and the names of where it was. None of them has an output.
 */
export function poisonDeadLettered({ input, letters, output }: PoisonDeadLetteredOptions): Invariant {
  return {
    name: NAME,
    async check(run) {
      const inputs = await poisonOf(run, input);
      const left = new Set(inputs.keys());
      const changed = new Cases(NAME, 'dead letters are not what was read');
      const displaced = new Cases(NAME, 'dead letters are of no poison');
      await run.read(letters, (letter) => {
        const place = originOf(letter);
        const record = inputs.get(place);
        const where = () => `${letters}/${letter.partition} offset ${letter.offset}, of ${place}`;
        if (record === undefined) {
          displaced.add(where);
          return;
        }
        left.delete(place);
        const difference = differenceOf(record, contentsOf(letter));
        if (difference !== undefined) changed.add(() => `${where()}: ${difference}`);
      });
      const missing = new Cases(NAME, `of ${inputs.size} poison records have no dead letter`);
      for (const place of left) missing.add(() => place);
      return [
        ...missing.violations,
        ...changed.violations,
        ...displaced.violations,
        ...(await processed(run, output)),
      ];
    },
  };
}

/** The poison records of the input as they were read back, by where they are. */
async function poisonOf(run: FinishedRun, topic: string): Promise<ReadonlyMap<string, Contents>> {
  const found = new Map<string, Contents>();
  await run.read(topic, (record) => {
    const n = Number(String(record.header(numberHeader)));
    if (run.input.record(record.partition, n).poison === undefined) return;
    found.set(`${run.topic(topic)}/${record.partition}/${record.offset}`, contentsOf(record));
  });
  return found;
}

function originOf(letter: OutputRecord): string {
  const { topic, partition, offset } = deadLetterHeaders;
  return [topic, partition, offset].map((name) => String(letter.header(name))).join('/');
}

function contentsOf({ key, value, headers, timestamp }: OutputRecord): Contents {
  const own = headers.filter(([name]) => !name.startsWith(deadLetterHeaders.prefix));
  return {
    key: shown(key),
    value: shown(value),
    headers: own.map(([name, bytes]) => `${JSON.stringify(name)} ${shown(bytes)}`).join(', '),
    timestamp,
  };
}

function shown(bytes: Buffer | null): string {
  return bytes === null ? 'null' : `[${bytes.toString('hex')}]`;
}

function differenceOf(wanted: Contents, found: Contents): string | undefined {
  for (const part of ['key', 'value', 'headers', 'timestamp'] as const)
    if (wanted[part] !== found[part])
      return `its ${part} is ${cut(String(found[part]))}, not ${cut(String(wanted[part]))}`;
  return undefined;
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
