import { parseArgs } from 'node:util';
import type { Compression } from '../../source/index.ts';
import { peerNames, type PeerName } from './contenders/contender.ts';
import { jobNames, type JobName } from './jobs/job-names.ts';

/** What `npm run bench` was asked for; lists make a matrix. */
export interface BenchOptions {
  readonly jobs: readonly JobName[];
  readonly peers: readonly PeerName[];
  readonly valueBytes: readonly number[];
  readonly compressions: readonly Compression[];
  readonly partitions: readonly number[];
  readonly batches: readonly number[];
  readonly records: number;
  readonly keys: number;
  readonly runs: number;
  /** A run that takes longer has failed. */
  readonly limitMs: number;
  /** undefined: it starts a Kafka of its own. */
  readonly brokers: readonly string[] | undefined;
  /** Options of Node.js, for this project and for peers that run on it. */
  readonly nodeOptions: readonly string[];
  /** Whether this project keeps metrics. */
  readonly metrics: boolean;
  readonly sweep: boolean;
  /** Whether each run is also made with a quarter of its records, to tell its start apart. */
  readonly steady: boolean;
  readonly output: 'table' | 'json' | 'markdown';
}

const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

export const usage = `npm run bench -- [options]; several values of one, separated by commas, make a matrix
  --job ${jobNames.join(',')};
                      default consume,copy,count-map,count-redis
  --peer ${peerNames.join(',')} or none
  --value-bytes N     default 100
  --compression ${compressions.join('|')}, of input and output; default none
  --partitions N      default 4
  --batch N           default 10000,1000
  --records N         default 2000000, fewer where a run would read more than 512 MB
  --keys N            default 100000
  --runs N            default 3
  --limit-seconds N   of one run, default 600
  --brokers HOST:PORT default: a Kafka that it starts
  --node-options OPTIONS, of this project and of peers on Node.js, such as --node-options=--max-semi-space-size=64
  --metrics           with metrics kept
  --steady            runs also over a quarter of the records, which tells the start apart from what each further record costs
  --sweep             tries settings of the peers in place of comparing
  --json, --markdown  in place of tables
Other commands: npm run bench -- stores, gate, latency, idle, scale, micro, profile, results`;

/**
 * Reads the arguments of the command line.
 *
 * @throws Error that says what is wrong, with the usage
 */
export function benchOptions(args: readonly string[]): BenchOptions {
  const values = parsed(args);
  const peers = values.peer === 'none' ? [] : oneOf('--peer', values.peer, peerNames);
  return {
    jobs: oneOf('--job', values.job, jobNames),
    peers,
    valueBytes: wholeNumbers('--value-bytes', values['value-bytes'], 1),
    compressions: oneOf('--compression', values.compression, compressions),
    partitions: wholeNumbers('--partitions', values.partitions, 1),
    batches: wholeNumbers('--batch', values.batch, 1),
    records: wholeNumber('--records', values.records, 1),
    keys: wholeNumber('--keys', values.keys, 1),
    runs: wholeNumber('--runs', values.runs, 1),
    limitMs: wholeNumber('--limit-seconds', values['limit-seconds'], 1) * 1000,
    brokers: values.brokers?.split(','),
    nodeOptions: (values['node-options'] ?? '').split(' ').filter((option) => option !== ''),
    metrics: values.metrics === true,
    sweep: values.sweep === true,
    steady: values.steady === true,
    output: values.json === true ? 'json' : values.markdown === true ? 'markdown' : 'table',
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        job: { type: 'string', default: 'consume,copy,count-map,count-redis' },
        peer: { type: 'string', default: peerNames.join(',') },
        'value-bytes': { type: 'string', default: '100' },
        compression: { type: 'string', default: 'none' },
        partitions: { type: 'string', default: '4' },
        batch: { type: 'string', default: '10000,1000' },
        records: { type: 'string', default: '2000000' },
        keys: { type: 'string', default: '100000' },
        runs: { type: 'string', default: '3' },
        'limit-seconds': { type: 'string', default: '600' },
        brokers: { type: 'string' },
        'node-options': { type: 'string' },
        metrics: { type: 'boolean' },
        sweep: { type: 'boolean' },
        steady: { type: 'boolean' },
        json: { type: 'boolean' },
        markdown: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name[] {
  return text.split(',').map((name) => {
    const found = names.find((known) => known === name);
    if (found === undefined) throw wrong(`${option} ${name} is not known: ${names.join(', ')}`);
    return found;
  });
}

function wholeNumbers(option: string, text: string, least: number): number[] {
  return text.split(',').map((one) => wholeNumber(option, one, least));
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < least)
    throw wrong(`${option} must be a whole number from ${least}, not '${text}'`);
  return number;
}

function wrong(problem: string): Error {
  return new Error(`${problem}\n\n${usage}`);
}
