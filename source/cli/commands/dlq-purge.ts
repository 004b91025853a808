import { InvalidArgumentError, Option, type Command } from 'commander';
import { groupIdOf, topicSpans, type KafkaClient, type OffsetSpan } from '../../index.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { partitionsFlag } from '../settings/group-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { count, counted } from '../terminal/figures.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag, jsonDocument } from '../terminal/json-output.ts';
import { table, type Column } from '../terminal/table.ts';
import { withKafka } from './admin-client.ts';
import { replayName } from './dlq-filter.ts';
import { parseTime } from './reset-target.ts';

/** Up to where dead letters are deleted: what was replayed, an offset, or a time. */
type PurgeTarget = 'replayed' | { readonly offset: number } | { readonly timestamp: number };

interface PurgeFlags extends ConnectionFlags {
  readonly before: PurgeTarget;
  readonly partitions?: number[];
  readonly execute?: boolean;
  readonly json?: boolean;
}

const JSON_HELP = `
JSON: { topic, executed, records, partitions: [{ partition, from, to }] }
from, to: what is deleted begins at from, and ends before to.
records: offsets, those of transaction markers included.`;

/** `kasper dlq purge TOPIC --before …` */
export function addDlqPurgeCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('purge')
    .summary('delete dead letters; without --execute only show the effect')
    .description(
      'Deletes the records of a dead-letter topic before an offset, for good (DeleteRecords). Without --execute it only shows what would be deleted.',
    )
    .argument('<topic>', 'dead-letter topic, such as orders.dlq')
    .addOption(
      new Option(
        '--before <target>',
        'replayed: what `kasper dlq replay` without --where has sent; an offset; or a time, such as 2026-01-31T12:00:00Z',
      )
        .argParser(parseBefore)
        .makeOptionMandatory(),
    )
    .addOption(partitionsFlag())
    .option('--execute', 'delete them');
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (topic: string) => {
    const flags: PurgeFlags = command.opts();
    const partitions = await withKafka(flags, io, async (client) => {
      const spans = await topicSpans(client, topic, { partitions: flags.partitions });
      const purged = (await endsOf(client, spans, flags.before)).filter(({ from, to }) => to > from);
      if (flags.execute === true)
        await client
          .admin()
          .deleteRecords(purged.map(({ partition, to }) => ({ topic, partition, offset: to })));
      return purged.map(({ partition, from, to }) => ({ partition, from, to }));
    });
    const records = partitions.reduce((sum, { from, to }) => sum + to - from, 0);
    const report = { topic, executed: flags.execute === true, records, partitions };
    if (flags.json === true) io.stdout.write(jsonDocument(report));
    else writeText(io.stdout, text(report, io.stdout.columns));
    done(exitCodes.ok.code);
  });
}

/** The spans, each up to the target. */
async function endsOf(
  client: KafkaClient,
  spans: readonly OffsetSpan[],
  before: PurgeTarget,
): Promise<OffsetSpan[]> {
  const limited = (offsets: readonly (number | undefined)[]) =>
    spans.map((span, at) => ({ ...span, to: Math.min(span.to, offsets[at] ?? span.from) }));
  if (before === 'replayed') {
    const committed = await client.group(groupIdOf(replayName(spans[0]?.topic ?? '', []))).fetch(spans);
    return limited(committed.map(({ offset }) => offset));
  }
  if ('offset' in before) return limited(spans.map(() => before.offset));
  const found = await client.listOffsets(before, spans, 'read_committed');
  return limited(found.map(({ offset }) => offset));
}

const columns: readonly Column[] = [
  { title: 'PARTITION', align: 'right' },
  { title: 'FROM', align: 'right' },
  { title: 'BEFORE', align: 'right' },
  { title: 'RECORDS', align: 'right' },
];

interface Report {
  readonly topic: string;
  readonly executed: boolean;
  readonly records: number;
  readonly partitions: readonly Pick<OffsetSpan, 'partition' | 'from' | 'to'>[];
}

function text({ topic, executed, records, partitions }: Report, width: number | undefined): string {
  if (records === 0) return `${topic}: nothing to delete\n`;
  const rows = partitions.map(({ partition, from, to }) => [
    String(partition),
    count(from),
    count(to),
    count(to - from),
  ]);
  const end = executed
    ? `Done: ${counted(records, 'record')} deleted.`
    : 'Dry run: nothing was deleted. Add --execute to delete them, for good.';
  return `${topic}\n\n${table(columns, rows, width)}\n${end}\n`;
}

function parseBefore(given: string): PurgeTarget {
  if (given === 'replayed') return 'replayed';
  if (/^\d+$/.test(given)) {
    const offset = Number(given);
    if (Number.isSafeInteger(offset)) return { offset };
  } else if (given.includes('T')) return { timestamp: parseTime(given) };
  throw new InvalidArgumentError(
    'It must be `replayed`, an offset, or a time with its zone, such as 2026-01-31T12:00:00Z.',
  );
}
