import type { FinishedRun } from '../../faults/finished-run.ts';
import { InputBooks } from '../../faults/input-books.ts';
import { OutputBooks } from '../../faults/output-books.ts';
import type { GeneratedRecord, OutputRecord, Workload } from '../../faults/workload.ts';

const SEED = 7;

/** A run that nothing ran: what a spec says was in its topics. */
export interface PlayedRun extends FinishedRun {
  /** The records of each topic of the workload, to be filled, and to be falsified. */
  readonly topics: Readonly<Record<string, OutputRecord[]>>;
}

/** @param acked how many records each partition of the input had */
export function playedRun(workload: Workload, acked: readonly number[]): PlayedRun {
  const input = new InputBooks(workload, SEED, acked.length);
  for (const [partition, count] of acked.entries()) input.acked[partition] = count;
  const topics: Record<string, OutputRecord[]> = {};
  for (const { name } of workload.topics) topics[name] = [];
  const read: FinishedRun['read'] = async (topic, onRecord) => {
    for (const record of topics[topic] ?? []) onRecord(record);
  };
  const parts: Partial<PlayedRun> = {
    workload,
    seed: SEED,
    prefix: 'run',
    topic: (name) => `run-${name}`,
    input,
    topics,
    workers: [],
    faults: [],
    read,
    outputs: async (role) => {
      const books = new OutputBooks(workload, (name) => `run-${name}`);
      for (const { name, role: own } of workload.topics)
        if (own === role)
          await read(name, (output) => {
            books.add(output);
          });
      return books;
    },
  };
  return parts as PlayedRun;
}

/** A record as it is read back; it gets the offset after those that are there. */
export function recordAt(
  records: readonly OutputRecord[],
  {
    topic,
    partition,
    key = null,
    value = null,
    headers = [],
    timestamp = 1_700_000_000_000,
  }: {
    readonly topic: string;
    readonly partition: number;
    readonly key?: string | null;
    readonly value?: Buffer | string | null;
    readonly headers?: readonly (readonly [name: string, value: Buffer | string | null])[];
    readonly timestamp?: number;
  },
): OutputRecord {
  const pairs = headers.map(([name, bytes]) => [name, bytes === null ? null : Buffer.from(bytes)] as const);
  return {
    topic,
    partition,
    offset: records.filter((each) => each.partition === partition).length,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    timestamp,
    headers: pairs,
    header: (name) => pairs.findLast(([each]) => each === name)?.[1] ?? undefined,
  };
}

/** An input record as it is read back. */
export function inputRecord(
  topic: string,
  { partition, n, record }: { partition: number; n: number; record: GeneratedRecord },
): OutputRecord {
  const headers: [string, Buffer | string | null][] = [];
  const flat = InputBooks.headersOf(record, n);
  for (let at = 0; at < flat.length; at += 2) headers.push([String(flat[at]), flat[at + 1] ?? null]);
  const { key, value } = record;
  return {
    ...recordAt([], { topic, partition, key, value, headers, timestamp: 1_700_000_000_000 + n }),
    offset: n,
  };
}
