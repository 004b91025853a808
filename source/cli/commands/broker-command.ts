import { InvalidArgumentError, Option, type Command } from 'commander';
import type { EmbeddedCluster, EmbeddedClusterOptions } from '../../testing/index.ts';
import { winstonLogger, type LogFormat, type LogLevel } from '../../logging/index.ts';
import type { Logger } from '../../index.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { aborted } from '../../kernel/aborted.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import { addLogFlags } from '../settings/setting-flags.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { Progress } from '../terminal/progress.ts';
import { Shutdown } from '../terminal/shutdown.ts';
import { wrappedStream } from '../terminal/wrapped.ts';
import { brokerText } from './broker-text.ts';

interface BrokerFlags {
  readonly port: number;
  readonly host: string;
  readonly advertisedHost?: string;
  readonly brokers: number;
  readonly topic: Readonly<Record<string, number>>;
  readonly autoCreateTopics?: boolean;
  readonly defaultPartitions: number;
  readonly logFormat?: LogFormat;
  readonly logLevel?: LogLevel;
  readonly json?: boolean;
}

/** `kasper broker` */
export function addBrokerCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('broker')
    .summary('start a Kafka cluster in memory, for development')
    .description(
      'Starts an in-memory Kafka cluster on this machine, for development, demos and tests. It speaks the protocol of Kafka, so any client can use it.\n' +
        'Its data is lost when it stops: never use it for data that matters.',
    )
    .addOption(
      new Option(
        '--port <port>',
        'port of the first broker; the others use the ports after it; 0: any free ports',
      )
        .argParser((text) => wholeNumber(text, 0, 65_535))
        .default(9092),
    )
    .addOption(
      new Option(
        '--host <address>',
        'address to listen on; 0.0.0.0 is open to other machines, and asks nobody for a password',
      ).default('127.0.0.1'),
    )
    .addOption(
      new Option(
        '--advertised-host <name>',
        'name or address that clients are given to connect to, such as that of a container; default: --host, or 127.0.0.1 where that is 0.0.0.0',
      ),
    )
    .addOption(
      new Option('--brokers <number>', 'how many brokers')
        .argParser((text) => wholeNumber(text, 1, 100))
        .default(1),
    )
    .addOption(
      new Option('-t, --topic <name:partitions>', 'create this topic; can be given several times')
        .argParser(collectTopic)
        .default({}, 'none'),
    )
    .option('--auto-create-topics', 'create topics when clients ask for them, as auto.create.topics.enable')
    .addOption(
      new Option('--default-partitions <number>', 'partitions of topics for which nobody says how many')
        .argParser((text) => wholeNumber(text, 1, 10_000))
        .default(1),
    );
  addLogFlags(command);
  addJsonFlag(command);
  command.action(async () => {
    done(await runBroker(command.opts<BrokerFlags>(), io));
  });
}

async function runBroker(flags: BrokerFlags, io: Io): Promise<number> {
  const { port, host, advertisedHost, brokers, topic, autoCreateTopics = false, defaultPartitions } = flags;
  const progress = new Progress(io.stderr);
  using shutdown = new Shutdown({ io, progress, onFirst: () => 'Stopping' });
  const cluster = await startCluster({
    port,
    host,
    ...(advertisedHost === undefined ? {} : { advertisedHost }),
    brokers,
    topics: topic,
    autoCreateTopics,
    defaultPartitions,
    logger: loggerOf(flags, progress, io),
  });
  try {
    // Not before it serves: the reader of this may connect.
    if (flags.json === true)
      io.stdout.write(jsonDocument({ brokers: cluster.brokers, topics: topicList(topic) }));
    else writeText(io.stdout, brokerText({ addresses: cluster.brokers, topics: topic, autoCreateTopics }));
    await aborted(shutdown.signal);
  } finally {
    await cluster.close();
  }
  return exitCodes.ok.code;
}

function loggerOf({ logFormat, logLevel, json }: BrokerFlags, progress: Progress, io: Io): Logger {
  const format = logFormat ?? (json === true ? 'json' : 'text');
  const lines = progress.stream();
  const stream = format === 'text' ? wrappedStream(lines, () => io.stderr.columns) : lines;
  return winstonLogger({ format, level: logLevel ?? 'info', stream });
}

function topicList(topics: BrokerFlags['topic']): readonly { topic: string; partitions: number }[] {
  return Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions }));
}

/** Loads the cluster's code only here, so that no other command pays for it. */
async function startCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const testing = await import('../../testing/index.ts');
  return testing.EmbeddedCluster.start(options);
}

function collectTopic(text: string, before: Readonly<Record<string, number>>): Record<string, number> {
  const [, name, partitions] = /^(.*):(\d+)$/.exec(text) ?? [];
  if (name === undefined || !isTopicName(name))
    throw new InvalidArgumentError('It must be a name and a number of partitions, such as words:4.');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`Topic '${name}' is given twice.`);
  return { ...before, [name]: wholeNumber(partitions ?? '', 1, 10_000) };
}

function wholeNumber(text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  return value;
}
