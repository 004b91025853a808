import { Option, type Command } from 'commander';
import { groupLag, type Isolation } from '../../index.ts';
import { withKafka } from './admin-client.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { addGroupFlags, groupIdFrom, selectionOf, type GroupFlags } from '../settings/group-flags.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag } from '../terminal/json-output.ts';
import { lagJson, lagText, writeClaimsError } from './lag-text.ts';

interface LagFlags extends ConnectionFlags, GroupFlags {
  readonly isolation: Isolation;
  readonly owners: boolean;
  readonly json?: boolean;
}

const JSON_HELP = `
JSON: { group, isolation, totalLag, claimsError,
  gone: [{ topic, partition, committedOffset }],
  partitions: [{ topic, partition, committedOffset, leaderEpoch, metadata,
    startOffset, endOffset, lag, problem,
    heldBack: { records,
      transactions: [{ producerId, firstOffset, lastWriteAt }] },
    claim: { state, host, pid, instanceId, startedAt, topicId } }] }
null: the value is not known, since there is no commit, leader or owner.
problem: before-start, past-end or recreated. The committed offset is not in
  the log, or belongs to a topic that was recreated since.
heldBack: what an open transaction keeps from readers of committed records;
  lastWriteAt is in ms since 1970.
state: alive, silent, ended or released.`;

/** `kasper lag [name]` */
export function addLagCommand(program: Command, io: Io, done: (exitCode: number) => void): void {
  const command = program
    .command('lag')
    .summary('show how far a job is behind, and who runs it')
    .description(
      'Shows for each partition the committed offset, the end of the log, how many offsets are left, and who has claimed it.\n' +
        'The search for owners takes about 3 seconds while they run: each is watched until it shows a sign of life.',
    );
  addGroupFlags(command);
  command
    .addOption(
      new Option(
        '--isolation <level>',
        'where the log ends: at the last stable offset, or at the high watermark',
      )
        .choices(['read_committed', 'read_uncommitted'])
        .default('read_committed'),
    )
    .option('--no-owners', 'do not look for the owners');
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (name: string | undefined) => {
    const flags: LagFlags = command.opts();
    const groupId = groupIdFrom(name, flags);
    const { isolation, owners: claims } = flags;
    const lag = await withKafka(flags, io, (client) =>
      groupLag(client, groupId, { ...selectionOf(flags), isolation, claims }),
    );
    if (flags.json === true) io.stdout.write(lagJson(lag));
    else writeText(io.stdout, lagText(lag, io.stdout.columns));
    if (flags.json !== true) writeClaimsError(lag, io);
    done(exitCodes.ok.code);
  });
}
