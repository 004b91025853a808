import { InvalidArgumentError, Option, type Command } from 'commander';
import { deadLetterOf, readRange, topicSpans, type ConsumerMessage, type DeadLetter } from '../../index.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { partitionsFlag } from '../settings/group-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { count } from '../terminal/figures.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { table, type Column } from '../terminal/table.ts';
import { withKafka } from './admin-client.ts';
import { fits, whereFlag, type DlqCondition } from './dlq-filter.ts';
import { parseTime } from './reset-target.ts';

interface ShowFlags extends ConnectionFlags {
  readonly partitions?: number[];
  readonly limit: number;
  readonly since?: number;
  readonly where?: DlqCondition[];
  readonly json?: boolean;
}

/** A dead letter, as it is shown. */
interface ShownLetter extends DeadLetter {
  readonly at: { readonly partition: number; readonly offset: number; readonly timestamp: number };
  readonly key: string | null;
}

interface ShownLetters {
  readonly letters: readonly ShownLetter[];
  /** Whether there are more than the limit. */
  readonly hasMore: boolean;
}

const JSON_HELP = `
JSON: { topic, hasMore,
  letters: [{ at: { partition, offset, timestamp }, key, topic, partition,
    offset, group, deliveryCount, stage, exception, message, stacktrace }] }
topic, partition, offset: where it is from; null where its headers do not say.
at: where it is in the dead-letter topic. key: as text.`;

/** `kasper dlq show TOPIC` */
export function addDlqShowCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('show')
    .summary('show dead letters: where they are from, and why')
    .description('Shows the dead letters of a topic, the oldest of each partition first.')
    .argument('<topic>', 'dead-letter topic, such as orders.dlq')
    .addOption(partitionsFlag())
    .addOption(new Option('--limit <n>', 'how many at most').argParser(parseLimit).default(100))
    .addOption(
      new Option(
        '--since <time>',
        'only those written since 2026-01-31T12:00:00Z, or milliseconds since 1970',
      ).argParser(parseTime),
    )
    .addOption(whereFlag());
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (topic: string) => {
    const flags: ShowFlags = command.opts();
    const shown = await withKafka(flags, io, async (client) => {
      const { partitions, since } = flags;
      const spans = await topicSpans(client, topic, { partitions, since });
      const letters: ShownLetter[] = [];
      const found = new Map<number, number>();
      await readRange(client, spans, (message) => {
        const letter = deadLetterOf(message);
        if (!fits(letter, flags.where ?? [])) return true;
        letters.push(shownOf(message, letter));
        const ofPartition = (found.get(message.partition) ?? 0) + 1;
        found.set(message.partition, ofPartition);
        // One more than are shown, to know whether there are more.
        return ofPartition <= flags.limit;
      });
      letters.sort((a, b) => a.at.partition - b.at.partition || a.at.offset - b.at.offset);
      return { letters: letters.slice(0, flags.limit), hasMore: letters.length > flags.limit };
    });
    if (flags.json === true) io.stdout.write(jsonDocument({ topic, ...shown }));
    else writeText(io.stdout, text(topic, shown, flags.limit, io.stdout.columns));
    done(exitCodes.ok.code);
  });
}

function shownOf(
  { partition, offset, timestamp, keyText }: ConsumerMessage,
  letter: DeadLetter,
): ShownLetter {
  return { ...letter, at: { partition, offset, timestamp }, key: keyText };
}

const columns: readonly Column[] = [
  { title: 'AT' },
  { title: 'FROM' },
  { title: 'TIMES', align: 'right' },
  { title: 'STAGE', optional: true },
  { title: 'ERROR', optional: true },
  { title: 'KEY', optional: true, shrinks: true },
  { title: 'MESSAGE', optional: true, shrinks: true },
];

function text(
  topic: string,
  { letters, hasMore }: ShownLetters,
  limit: number,
  width: number | undefined,
): string {
  if (letters.length === 0) return `${topic}: no dead letters\n`;
  const rows = letters.map(({ at, key, deliveryCount, stage, exception, message, ...from }) => [
    `${at.partition}/${at.offset}`,
    from.topic === undefined ? 'unknown' : `${from.topic}/${from.partition ?? '?'}/${from.offset ?? '?'}`,
    count(deliveryCount),
    stage ?? '',
    exception ?? '',
    key ?? '',
    message ?? '',
  ]);
  const more = hasMore
    ? `\nThere are more than ${count(limit)}: raise --limit, or narrow it by --since, --where or --partitions.\n`
    : '';
  return `${topic}\n\n${table(columns, rows, width)}${more}`;
}

function parseLimit(given: string): number {
  const limit = /^\d{1,7}$/.test(given) ? Number(given) : 0;
  if (limit < 1) throw new InvalidArgumentError('It must be a whole number from 1 to 9,999,999.');
  return limit;
}
