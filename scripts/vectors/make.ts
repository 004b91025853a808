import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/**
 * Makes the vectors that specs compare with: hashes and partitions by Kafka's own Java code and
 * Go's hash/fnv, and record batches written by Kafka's own Java code. Run from the root of the
 * repository, with Java 17 and Go:
 *
 *     node dist/scripts/vectors/make.js FOLDER      the folder holds the jars of Kafka 4.x
 */
const jars = process.argv[2];
if (jars === undefined) {
  process.stderr.write('usage: node dist/scripts/vectors/make.js FOLDER_WITH_THE_JARS_OF_KAFKA\n');
  process.exit(2);
}
const sources = path.resolve('scripts/vectors');

const COUNTS = [1, 2, 3, 7, 12, 50, 100];

makePartitionVectors();
makeRecordBatches();

function makePartitionVectors(): void {
  const keys = keysToHash();
  const input = keys.map((key) => `${key.toString('hex')}\n`).join('');
  const counts = COUNTS.map(String);
  const murmur2 = numbers(java('PartitionVectors.java', counts, input));
  const fnv1a = numbers(run('go', ['run', path.join(sources, 'partition-vectors.go'), ...counts], input));
  const rows = keys.map((key, i) => JSON.stringify([key.toString('hex'), murmur2[i], fnv1a[i]]));
  writeSource(
    'spec/kafka/partition-vectors.ts',
    `export const partitionCounts = ${JSON.stringify(COUNTS)} as const;

/**
 * Key in hex; murmur2 hash and partitions (Kafka's Java code); fnv1a hash and partitions (Go's
 * hash/fnv, sarama's rule).
 */
export const partitionVectors: readonly (readonly [
  key: string,
  murmur2: readonly number[],
  fnv1a: readonly number[],
])[] = [
${rows.join(',\n')}
];
`,
  );
}

function makeRecordBatches(): void {
  const entries = java('RecordBatchVectors.java', [], '')
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', base64 = ''] = line.split(' ');
      return `  ${name}: '${base64}',`;
    });
  writeSource(
    'spec/kafka/records/java-record-sets.ts',
    `/** Record sets in base64, as Kafka's own Java code writes them; RecordBatchVectors.java says what they hold. */
export const javaRecordSets = {
${entries.join('\n')}
} as const;
`,
  );
}

/**
 * Empty, 1 to 8 bytes, all bytes high, text of several scripts, long ones, and many of
 * pseudo-random length and content.
 */
function keysToHash(): Buffer[] {
  const keys = ['', ...'abcdefgh'.split('').map((_, i) => 'abcdefgh'.slice(0, i + 1))].map((key) =>
    Buffer.from(key),
  );
  for (let length = 1; length <= 8; length++)
    keys.push(Buffer.alloc(length, 0xff), Buffer.alloc(length, 0x80));
  for (const text of [
    'é',
    'ключ',
    '鍵',
    '🔑',
    'e\u0301',
    'user:42',
    '0',
    '00000000-0000-4000-8000-000000000000',
  ]) {
    keys.push(Buffer.from(text));
  }
  for (const length of [255, 256, 1000, 4097]) keys.push(Buffer.alloc(length, 'kafka'));
  let state = 1;
  const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16;
  for (let i = 0; i < 200; i++)
    keys.push(Buffer.from(Array.from({ length: next() % 40 }, () => next() & 0xff)));
  return keys;
}

function numbers(lines: string): number[][] {
  return lines
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
}

function java(source: string, args: readonly string[], input: string): string {
  const classpath = path.join(path.resolve(jars ?? ''), '*');
  return run('java', ['-cp', classpath, path.join(sources, source), ...args], input);
}

function run(command: string, args: readonly string[], input: string): string {
  return execFileSync(command, args, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

function writeSource(file: string, text: string): void {
  writeFileSync(file, `// Made by scripts/vectors/make.ts; not written by hand.\n${text}`);
  process.stdout.write(`${file}\n`);
}
