import { InvalidArgumentError, Option, Command } from 'commander';
import { parseBrokers } from '../../../source/cli/settings/connection-flags.ts';
import { addStoreFlags, type StoreFlags } from '../../../source/cli/settings/store-flags.ts';

/** What the command line says. */
export interface Options extends StoreFlags {
  readonly brokers?: string[];
  readonly prefix: string;
  readonly partitions?: number;
  readonly batchSize: number;
  readonly from?: 'earliest';
}

/** Reads the command line; prints help or what is wrong with it, and ends the process then. */
export function readOptions(argv: readonly string[]): Options {
  const command = new Command('npm start --')
    .description(
      'Flight delays by airport of origin: joins two topics by partition, keeps running sums, prints the ten worst airports.',
    )
    .addOption(
      new Option(
        '--brokers <addresses>',
        'your Kafka, as host:port,host:port; without it an embedded cluster is started',
      ).argParser(parseBrokers),
    )
    .addOption(
      new Option('--prefix <text>', 'goes before the names of topics and of the job, such as mine.')
        .argParser(parsePrefix)
        .default('', 'none'),
    )
    .addOption(
      new Option('--partitions <number>', 'of the topics that are created (default 4)').argParser(parseWhole),
    )
    .addOption(
      new Option('--batch-size <records>', 'most records of a batch').argParser(parseWhole).default(1000),
    )
    .addOption(
      new Option('--from <offset>', 'earliest: forget all results and count everything again').choices([
        'earliest',
      ]),
    )
    .showHelpAfterError('(see npm start -- --help)')
    // A bad command line ends with the same code as that of `kasper`.
    .exitOverride((end) => process.exit(end.exitCode === 0 ? 0 : 2));
  addStoreFlags(command);
  return command.parse(argv).opts<Options>();
}

function parsePrefix(text: string): string {
  if (!/^[A-Za-z0-9._-]{0,100}$/.test(text))
    throw new InvalidArgumentError('It may have letters, digits, dots, dashes and underscores.');
  return text;
}

function parseWhole(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 1_000_000) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}
