import { parseArgs } from 'node:util';

/** A part of the page with more figures: what one command prints, and rows that others have measured. */
export interface Part {
  readonly title: string;
  /** Why these records, or these contenders. */
  readonly text: string;
  readonly options: string;
  /**
   * Rows of the same jobs that an earlier part has measured are shown, too: those with batches of
   * these sizes, or as fetched.
   */
  readonly besides?: readonly number[];
}

/**
 * Each varies one thing; all others are 100 bytes, no codec, 4 partitions, batches of 10,000. Those
 * on the same topics come one after another, since the topics are filled once then.
 */
export const parts: readonly Part[] = [
  {
    title: 'The same job with all contenders',
    text: 'Start and further records apart, by runs over all records and over a quarter of them.',
    options: '--job consume,copy,count-map,count-redis --batch 10000,1000 --records 1000000 --steady',
  },
  {
    title: 'More jobs',
    text: 'Elasticsearch takes a twentieth of what Redis does: 100,000 records. A peer that has no program for a job has no row.',
    options:
      '--job forward,filter,json,join,tenants-redis,count-elasticsearch --batch 10000 --records 1000000',
  },
  {
    title: 'Sizes of batches',
    text: 'Beside the loop in Go, which is the only peer that has batches of any size without waiting for each commit.',
    options: '--job consume,copy,count-redis --batch 1,100 --peer franz-go --records 500000',
    besides: [1000, 10_000],
  },
  {
    title: 'Settings of kafkajs',
    text: 'Each combination once: how far they are apart is more than what one run is from another.',
    options: '--sweep --job consume,copy --peer kafkajs --batch 10000 --records 200000 --runs 1',
  },
  {
    title: 'Settings of @platformatic/kafka',
    text: 'As above.',
    options: '--sweep --job consume,copy --peer platformatic --batch 10000 --records 200000 --runs 1',
  },
  {
    title: 'Settings of franz-go',
    text: 'As above, with more records, since it is faster.',
    options: '--sweep --job consume,copy --peer franz-go --batch 10000 --records 1000000 --runs 1',
  },
  {
    title: 'Sizes of values',
    text: 'Some 250 MB at most.',
    options: '--job consume,copy --batch 10000 --value-bytes 1000,10000 --records 250000',
    besides: [10_000],
  },
  {
    title: 'Codecs',
    text: 'Of the input and of the output.',
    options: '--job consume,copy --batch 10000 --compression gzip,lz4,zstd --records 400000',
    besides: [10_000],
  },
  {
    title: 'Numbers of partitions',
    text: 'With 1,000 partitions each has 400 records: what is paid for each partition counts most.',
    options: '--job consume,copy --batch 10000 --partitions 1,64,1000 --records 400000',
    besides: [10_000],
  },
];

/** What `npm run bench -- results` itself is given. */
export interface ResultsOptions {
  readonly file: string;
  /** Rows are measured less often where it would take longer. */
  readonly minutes: number;
  /** Parts whose title has this word. */
  readonly only: string;
  /** For the command of each part, behind its own options. */
  readonly others: readonly string[];
}

/** Reads the arguments of the command line; those that are not its own go to each part. */
export function resultsOptions(args: readonly string[], usualFile: string): ResultsOptions {
  const own = ['--file', '--minutes', '--only'];
  const isOwn = (text: string | undefined) =>
    own.some((name) => text === name || text?.startsWith(`${name}=`));
  const ownArgs: string[] = [];
  const others: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const text = args[at] ?? '';
    (isOwn(text) ? ownArgs : others).push(text);
    if (isOwn(text) && !text.includes('=')) ownArgs.push(args[++at] ?? '');
  }
  const { values } = parseArgs({
    args: ownArgs,
    options: {
      file: { type: 'string', default: usualFile },
      minutes: { type: 'string', default: '35' },
      only: { type: 'string', default: '' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, not '${values.minutes}'`);
  return { file: values.file, minutes, only: values.only.toLowerCase(), others };
}
