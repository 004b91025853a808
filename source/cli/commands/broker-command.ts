import { InvalidArgumentError, Option, type Command } from 'commander';
import type { EmbeddedCluster, EmbeddedClusterOptions } from '../../testing/index.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { aborted } from '../../kernel/aborted.ts';
import { isTopicName } from '../../kernel/topic-name.ts';
import { counted } from '../terminal/figures.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { Progress } from '../terminal/progress.ts';
import { Shutdown } from '../terminal/shutdown.ts';

interface BrokerFlags {
  readonly port: number;
  readonly brokers: number;
  readonly topic: Readonly<Record<string, number>>;
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
      new Option('--brokers <number>', 'how many brokers')
        .argParser((text) => wholeNumber(text, 1, 100))
        .default(1),
    )
    .addOption(
      new Option('-t, --topic <name:partitions>', 'create this topic; can be given several times')
        .argParser(collectTopic)
        .default({}, 'none'),
    );
  addJsonFlag(command);
  command.action(async (flags: BrokerFlags) => {
    done(await runBroker(flags, io));
  });
}

async function runBroker({ port, brokers, topic, json }: BrokerFlags, io: Io): Promise<number> {
  using shutdown = new Shutdown({ io, progress: new Progress(io.stderr), onFirst: () => 'Stopping' });
  const cluster = await startCluster({ port, brokers, topics: topic });
  try {
    // Not before it serves: the reader of this may connect.
    if (json === true) io.stdout.write(jsonDocument({ brokers: cluster.brokers, topics: topicList(topic) }));
    else writeText(io.stdout, `${usage(cluster.brokers, topic)}\n`);
    await aborted(shutdown.signal);
  } finally {
    await cluster.close();
  }
  return exitCodes.ok.code;
}

function topicList(topics: BrokerFlags['topic']): readonly { topic: string; partitions: number }[] {
  return Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions }));
}

/** Loads the cluster's code only here, so that no other command pays for it. */
async function startCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const testing = await import('../../testing/index.ts');
  return testing.EmbeddedCluster.start(options);
}

function usage(addresses: readonly string[], topics: Readonly<Record<string, number>>): string {
  const brokers = addresses.join(',');
  const names = Object.keys(topics);
  const listed = Object.entries(topics).map(([name, count]) => `${name} (${counted(count, 'partition')})`);
  const topic = names[0] ?? 'words';
  return `Kafka cluster in memory, ${counted(addresses.length, 'broker')}: for development and tests. Its data is lost when it stops.

  brokers  ${brokers}
  topics   ${listed.join(', ') || 'none yet; clients can create them, or --topic name:partitions'}

From another terminal:
  kasper run job.js --brokers ${brokers}
  kcat -b ${addresses[0] ?? ''} -L
  echo 'key:value' | kcat -b ${addresses[0] ?? ''} -P -t ${topic} -K :

Ctrl-C stops it.`;
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
