import type { Command } from 'commander';
import {
  deadLetterOf,
  groupIdOf,
  readRange,
  TopicProcessor,
  topicSpans,
  type KafkaClient,
  type OffsetSpan,
} from '../../index.ts';
import { topicNameProblem } from '../../kernel/topic-name.ts';
import { winstonLogger } from '../../logging/index.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { partitionsFlag } from '../settings/group-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { count, counted } from '../terminal/figures.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { Shutdown } from '../terminal/shutdown.ts';
import { table } from '../terminal/table.ts';
import { unlessAborted } from '../terminal/unless-aborted.ts';
import { wrappedStream } from '../terminal/wrapped.ts';
import { withKafka } from './admin-client.ts';
import { fits, whereFlag, replayName, type DlqCondition } from './dlq-filter.ts';
import { Replay, type ReplayCounts } from './dlq-replayed.ts';
import { dlqError } from './dlq-error.ts';

interface ReplayFlags extends ConnectionFlags {
  readonly to?: string;
  readonly partitions?: number[];
  readonly where?: DlqCondition[];
  readonly execute?: boolean;
  readonly json?: boolean;
}

const JSON_HELP = `
JSON: { topic, group, executed, stopped, records, leftOut,
  to: [{ topic, records }] }
group: whose offsets say what was replayed. leftOut: by --where.
stopped: by a signal, before the end.`;

type Replayed = ReplayCounts & {
  /** Whether a signal ended it. */
  readonly stopped: boolean;
};

/** As in a job, since it is one. */
const RETRY_TIMEOUT_MS = 120_000;

/** `kasper dlq replay TOPIC` */
export function addDlqReplayCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('replay')
    .summary('send dead letters back to their topics; without --execute only show the effect')
    .description(
      'Sends the dead letters that are in a topic now back to where they are from: to their partition, or by their key where that is gone. ' +
        'What was replayed is committed, so a second replay goes on behind it. Without --execute it only shows what would be sent.\n' +
        'Every job that reads the topic gets them again, not only the one that set them aside.',
    )
    .argument('<topic>', 'dead-letter topic, such as orders.dlq')
    .option('--to <topic>', 'send them to this topic instead, by their keys')
    .addOption(partitionsFlag())
    .addOption(whereFlag())
    .option('--execute', 'send them');
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (topic: string) => {
    const flags: ReplayFlags = command.opts();
    const problem = flags.to === undefined ? undefined : topicNameProblem(flags.to);
    if (problem !== undefined) throw dlqError(`--to: ${problem}`);
    if (flags.to === topic) throw dlqError(`--to ${topic}: they would be dead letters again`);
    const name = replayName(topic, flags.where ?? []);
    const replayed =
      flags.execute === true ? await execute(topic, name, flags, io) : await preview(topic, name, flags, io);
    const report = { topic, group: groupIdOf(name), executed: flags.execute === true, ...replayed };
    if (flags.json === true) io.stdout.write(jsonDocument(report));
    else writeText(io.stdout, text(report, io.stdout.columns));
    done(exitCodes.ok.code);
  });
}

async function preview(topic: string, name: string, flags: ReplayFlags, io: Io): Promise<Replayed> {
  return withKafka(flags, io, async (client) => {
    const spans = await notReplayed(
      client,
      await topicSpans(client, topic, { partitions: flags.partitions }),
      groupIdOf(name),
    );
    return { stopped: false, ...(await countAll(client, spans, flags)) };
  });
}

/** @throws ConfigError for a dead letter that cannot be sent */
async function countAll(
  client: KafkaClient,
  spans: readonly OffsetSpan[],
  flags: ReplayFlags,
  signal?: AbortSignal,
): Promise<ReplayCounts> {
  const replay = replayOf(client, flags);
  await readRange(
    client,
    spans,
    (message) => {
      replay.count(message, deadLetterOf(message));
    },
    signal === undefined ? {} : { signal },
  );
  await replay.checkTopics();
  return replay.counts;
}

async function execute(topic: string, name: string, flags: ReplayFlags, io: Io): Promise<Replayed> {
  const { stderr } = io;
  using shutdown = new Shutdown({
    io,
    progress: { write: (line) => void stderr.write(line), stop: () => undefined },
    onFirst: () => 'Stopping: what was replayed is committed first',
  });
  const { signal } = shutdown;
  const logger = winstonLogger({
    format: 'text',
    level: 'warn',
    stream: wrappedStream(stderr, () => stderr.columns),
  });
  const replayAll = async (client: KafkaClient) => {
    const spans = await topicSpans(client, topic, { partitions: flags.partitions });
    // What cannot be sent is found before anything is.
    const toSend = await notReplayed(client, spans, groupIdOf(name));
    await unlessAborted(countAll(client, toSend, flags, signal), signal);
    const inputPartitions = spans.map(({ partition }) => partition);
    const replay = replayOf(client, flags);
    const processor = new TopicProcessor(
      { topicProcessorName: name, client, inputTopics: [topic], inputPartitions, logger },
      replay,
    );
    await processor.runToEnd({ signal });
    return { stopped: shutdown.requested, ...replay.counts };
  };
  return await withKafka(flags, io, replayAll, { logger, retryTimeoutMs: RETRY_TIMEOUT_MS });
}

function replayOf(client: KafkaClient, { to, where = [] }: ReplayFlags): Replay {
  return new Replay(client, { to, fits: (letter) => fits(letter, where) });
}

/** What is behind the committed offsets of earlier replays. */
async function notReplayed(
  client: KafkaClient,
  spans: readonly OffsetSpan[],
  groupId: string,
): Promise<OffsetSpan[]> {
  const committed = await client.group(groupId).fetch(spans);
  return spans.map((span, at) => ({ ...span, from: Math.max(span.from, committed[at]?.offset ?? 0) }));
}

type Report = Replayed & { readonly topic: string; readonly group: string; readonly executed: boolean };

function text({ topic, executed, stopped, records, leftOut, to }: Report, width: number | undefined): string {
  const left =
    leftOut === 0
      ? ''
      : `${counted(leftOut, 'dead letter')} ${leftOut === 1 ? 'is' : 'are'} left out by --where.\n`;
  if (stopped)
    return `${topic}: stopped after ${counted(records, 'dead letter')}, which ${records === 1 ? 'was' : 'were'} replayed; run it again for the others\n${left}`;
  if (records === 0) return `${topic}: nothing to replay\n${left}`;
  const rows = to.map((each) => [each.topic, count(each.records)]);
  const sent = table([{ title: 'TO' }, { title: 'RECORDS', align: 'right' }], rows, width);
  const end = executed
    ? `Done: ${counted(records, 'dead letter')} replayed. They are still in ${topic}: \`kasper dlq purge ${topic} --before replayed\` deletes them.`
    : 'Dry run: nothing was sent. Add --execute to send them. Every job that reads these topics gets them again.';
  return `${topic}\n\n${sent}\n${left}${end}\n`;
}
