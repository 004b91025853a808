import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  AssignmentError,
  BrokerError,
  groupClaims,
  planOffsetReset,
  resetOffsets,
  type GroupClaimsOptions,
  type KafkaClient,
  type PartitionClaim,
  type ResetPlan,
  type ResetTarget,
  type TopicPartitionRef,
} from '../../index.ts';
import { keyOf } from '../../kernel/topic-partition.ts';
import { winstonLogger } from '../../logging/index.ts';
import { withKafka } from './admin-client.ts';
import { ownerText } from './claim-text.ts';
import { addConnectionFlags, type ConnectionFlags } from '../settings/connection-flags.ts';
import { exitCodes } from '../terminal/exit-codes.ts';
import { duration } from '../terminal/figures.ts';
import { addGroupFlags, groupIdFrom, selectionOf, type GroupFlags } from '../settings/group-flags.ts';
import { writeText, type Io } from '../terminal/io.ts';
import { addJsonFlag } from '../terminal/json-output.ts';
import { resetJson, resetText, type ResetReport } from './reset-text.ts';
import { addTargetFlags, targetOf, type TargetFlags } from './reset-target.ts';
import { Shutdown } from '../terminal/shutdown.ts';
import { wrappedStream } from '../terminal/wrapped.ts';

interface ResetFlags extends ConnectionFlags, GroupFlags, TargetFlags {
  readonly execute?: boolean;
  readonly claims: boolean;
  readonly claimTimeoutMs: number;
  readonly json?: boolean;
}

const GROUP_AUTHORIZATION_FAILED = 30;

const JSON_HELP = `
JSON: { group, executed,
  partitions: [{ topic, partition, fromOffset, toOffset, startOffset,
    endOffset, again, skipped, clamped }],
  withoutCommit, gone, unclaimed: [{ topic, partition }],
  running, silent: [{ topic, partition, state, host, pid, instanceId,
    startedAt, topicId }],
  members: [{ memberId, clientId, host }] }
running, members: because of these --execute would be refused.
silent: these --execute would watch first.
unclaimed: no processor with claims was ever seen there.
again, skipped: offsets, those of transaction markers and of compacted
  records included.`;

/** `kasper offsets reset [name]` */
export function addOffsetsResetCommand(parent: Command, io: Io, done: (exitCode: number) => void): void {
  const command = parent
    .command('reset')
    .summary('set committed offsets; without --execute only show the effect')
    .description(
      'Sets the committed offsets of a stopped job, so that it continues there at its next start. Without --execute it only shows the effect.\n' +
        'Without --topics and --partitions, every committed offset is set; partitions that are named are set also where nothing is committed.\n' +
        'It is refused, with exit code 6, while a processor runs on one of the partitions, or a consumer is a member of the group.\n' +
        'Processors with `claims: false` cannot be seen: make sure that none runs.',
    );
  addGroupFlags(command);
  command.optionsGroup('Target, one of:');
  addTargetFlags(command);
  command
    .optionsGroup('Execution:')
    .option('--execute', 'set the offsets')
    .option(
      '--no-claims',
      'do not look for processors, nor keep them out meanwhile: for groups of other programs',
    )
    .addOption(
      new Option(
        '--claim-timeout-ms <ms>',
        'for how long an owner on another host must be silent before it counts as stopped',
      )
        .argParser(parseClaimTimeout)
        .default(15_000),
    );
  addJsonFlag(command);
  command.optionsGroup('Connection:');
  addConnectionFlags(command);
  command.addHelpText('after', JSON_HELP);
  command.action(async (name: string | undefined) => {
    const flags: ResetFlags = command.opts();
    const groupId = groupIdFrom(name, flags);
    const target = targetOf(flags);
    const report = await withKafka(flags, io, async (client) =>
      flags.execute === true
        ? execute(client, { groupId, target, flags }, io)
        : preview(client, { groupId, target, flags }),
    );
    if (flags.json === true) io.stdout.write(resetJson(report));
    else writeText(io.stdout, resetText(report, io.stdout.columns));
    done(exitCodes.ok.code);
  });
}

/** What is to be set, and where to. */
interface ResetRequest {
  readonly groupId: string;
  readonly target: ResetTarget;
  readonly flags: ResetFlags;
}

async function preview(client: KafkaClient, { groupId, target, flags }: ResetRequest): Promise<ResetReport> {
  const [plan, { members }, claims] = await Promise.all([
    planOffsetReset(client, groupId, target, selectionOf(flags)),
    client.describeGroup(groupId),
    flags.claims ? readClaims(client, groupId) : [],
  ]);
  const wanted = keysOf(plan.partitions);
  const ofPlan = claims.filter((claim) => wanted.has(keyOf(claim)));
  return {
    plan,
    executed: false,
    unclaimed: unclaimedOf(plan, claims),
    running: ofPlan.filter(({ state }) => state === 'alive'),
    silent: ofPlan.filter(({ state }) => state === 'silent'),
    members,
  };
}

async function execute(
  client: KafkaClient,
  { groupId, target, flags }: ResetRequest,
  io: Io,
): Promise<ResetReport> {
  const { stderr } = io;
  using shutdown = new Shutdown({
    io,
    progress: { write: (text) => void stderr.write(text), stop: () => undefined },
    onFirst: () => 'Stopping',
  });
  // Read before the reset, which leaves claims of its own.
  const claims = flags.claims ? await readClaims(client, groupId, { watchMs: 0 }) : [];
  const unheard = new Set(claims.filter(({ state }) => state === 'silent').map((claim) => ownerText(claim)));
  if (unheard.size > 0) {
    writeText(
      stderr,
      `Watching for up to ${duration(flags.claimTimeoutMs)} whether the owner still runs: ${[...unheard].join(', ')}\n`,
    );
  }
  const plan = await resetOffsets(client, groupId, target, {
    ...selectionOf(flags),
    claims: flags.claims,
    claimTimeoutMs: flags.claimTimeoutMs,
    logger: winstonLogger({
      format: 'text',
      level: 'warn',
      stream: wrappedStream(stderr, () => stderr.columns),
    }),
    signal: shutdown.signal,
  });
  return { plan, executed: true, unclaimed: unclaimedOf(plan, claims), running: [], silent: [], members: [] };
}

/** @throws AssignmentError that names --no-claims, where access to the claims is denied */
async function readClaims(
  client: KafkaClient,
  groupId: string,
  options?: GroupClaimsOptions,
): Promise<PartitionClaim[]> {
  try {
    return await groupClaims(client, groupId, options);
  } catch (cause) {
    if (!(cause instanceof BrokerError) || cause.brokerCode !== GROUP_AUTHORIZATION_FAILED) throw cause;
    throw new AssignmentError(
      `It cannot be known whether a processor runs, since access to its claims is denied: ${cause.message}. ` +
        'Grant access to that group, or make sure that none runs and give --no-claims.',
      { cause },
    );
  }
}

/** Partitions on which a processor without claims may run, which cannot be seen. */
function unclaimedOf({ partitions }: ResetPlan, claims: readonly PartitionClaim[]): TopicPartitionRef[] {
  const claimed = keysOf(claims);
  return partitions
    .filter((each) => !claimed.has(keyOf(each)))
    .map(({ topic, partition }) => ({ topic, partition }));
}

function keysOf(partitions: readonly TopicPartitionRef[]): ReadonlySet<string> {
  return new Set(partitions.map(keyOf));
}

function parseClaimTimeout(text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 6_000 && value <= 2_147_483_647))
    throw new InvalidArgumentError('It must be a whole number of ms, at least 6000 and at most 2147483647.');
  return value;
}
