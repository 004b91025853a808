import {
  ConfigError,
  groupIdOf,
  groupLag,
  KasperError,
  missingTopicText,
  neededTopics,
  openClient,
  silentLogger,
  type KafkaClient,
  type PartitionLag,
} from '../../index.ts';
import { partitionList } from '../../kernel/partition-list.ts';
import { listPartitions } from '../../kernel/topic-partition.ts';
import { byOwner } from './claim-text.ts';
import { count, counted } from '../terminal/figures.ts';
import type { JobSetup } from '../job/job-setup.ts';
import { shareOf } from '../settings/partition-share.ts';

/** What Kafka shows of a job that does not run. */
export interface KafkaFindings {
  readonly problems: readonly string[];
  /** What a person should know, though a run would begin. */
  readonly notes: readonly string[];
  /** Partitions that would be read; undefined if the topics do not fit. */
  readonly partitions: readonly number[] | undefined;
  /** Where each would begin. */
  readonly starts: readonly PartitionLag[];
  /** Whether Kafka could be asked at all. */
  readonly isReached: boolean;
}

/** A person waits for the answer. */
const RETRY_TIMEOUT_MS = 10_000;
const FIRST_CONNECT_TIMEOUT_MS = 5_000;

/**
 * Checks the topics, the group and the owners of a job's partitions. Commits nothing, claims
 * nothing.
 */
export async function lintKafka(setup: JobSetup): Promise<KafkaFindings> {
  const kafka = openClient(setup.options.client, {
    logger: silentLogger,
    retryTimeoutMs: RETRY_TIMEOUT_MS,
    firstConnectTimeoutMs: FIRST_CONNECT_TIMEOUT_MS,
  });
  const findings = { problems: [] as string[], notes: [] as string[] };
  try {
    await kafka.connect();
    return await look(kafka, setup, findings);
  } catch (error) {
    if (!KasperError.is(error)) throw error;
    const problems = error instanceof ConfigError ? error.problems : [`Kafka: ${error.message}`];
    findings.problems.push(...problems);
    return { ...findings, partitions: undefined, starts: [], isReached: error instanceof ConfigError };
  } finally {
    await kafka.close();
  }
}

async function look(
  kafka: KafkaClient,
  setup: JobSetup,
  { problems, notes }: { problems: string[]; notes: string[] },
): Promise<KafkaFindings> {
  const { job, options } = setup;
  const groupId = groupIdOf(job.topicProcessorName);
  const partitions = await fittingPartitions(kafka, setup, problems);
  const { members, protocolType } = await kafka.describeGroup(groupId);
  if (members.length > 0)
    problems.push(
      `the group ${groupId} has ${counted(members.length, 'member')}: while a consumer is a member, no offset can be committed; stop it`,
    );
  else if (protocolType !== '')
    notes.push(
      `a consumer was once a member of the group ${groupId}: all offsets of the group expire together, offsets.retention.minutes after it left`,
    );
  await lookAtMiddleware(kafka, setup, { problems, notes });
  if (partitions === undefined) return { problems, notes, partitions, starts: [], isReached: true };
  const lag = await groupLag(kafka, groupId, {
    topics: job.inputTopics,
    partitions,
    isolation: options.isolation ?? 'read_committed',
    claims: options.claims !== false,
  });
  for (const each of lag.partitions) lookAt(each, setup, { problems, notes });
  notes.push(...ownerNotes(lag.partitions));
  if (lag.claimsError !== undefined)
    problems.push(`the claims in the group ${groupId}-claims cannot be read: ${lag.claimsError.message}`);
  return { problems, notes, partitions, starts: lag.partitions, isReached: true };
}

/** The partitions that every input topic has. */
async function fittingPartitions(
  kafka: KafkaClient,
  { job, settings, inputPartitions }: JobSetup,
  problems: string[],
): Promise<readonly number[] | undefined> {
  const found = await kafka.describeTopics(job.inputTopics);
  const missing = job.inputTopics.filter((topic) => !found.has(topic));
  for (const topic of missing)
    problems.push(`inputTopics: '${topic}' not found: create the topic, or check its name and the brokers`);
  const counts = [...found.values()];
  const [first] = counts;
  if (first === undefined) return undefined;
  if (counts.some(({ partitionCount }) => partitionCount !== first.partitionCount)) {
    const listed = counts.map(({ topic, partitionCount }) => `${topic} has ${partitionCount}`).join(', ');
    problems.push(`inputTopics: topics that are joined must have equal partition counts, but ${listed}`);
    return undefined;
  }
  const beyond = (inputPartitions ?? []).filter((partition) => partition >= first.partitionCount);
  if (beyond.length > 0)
    problems.push(
      `inputPartitions: there is no partition ${partitionList(beyond)}: ${first.topic} has ${first.partitionCount}, from 0`,
    );
  if (missing.length > 0 || beyond.length > 0) return undefined;
  const all = inputPartitions ?? Array.from({ length: first.partitionCount }, (_, partition) => partition);
  try {
    return shareOf(settings, all);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

/** Topics that the middleware sends to. */
async function lookAtMiddleware(
  kafka: KafkaClient,
  { job, options }: JobSetup,
  { problems, notes }: { problems: string[]; notes: string[] },
): Promise<void> {
  const middleware = options.middleware ?? [];
  const needed = neededTopics(middleware, job.inputTopics);
  if (needed.length === 0) return;
  const found = await kafka.describeTopics([...needed.map(({ topic }) => topic), ...job.inputTopics]);
  for (const topic of needed) {
    if (found.has(topic.topic)) continue;
    if (topic.create) notes.push(`topic '${topic.topic}' is missing, and is created at the start`);
    else problems.push(missingTopicText(topic, found.get(topic.like)?.partitionCount ?? 1));
  }
}

/** A line for each process that has partitions now. */
function ownerNotes(partitions: readonly PartitionLag[]): string[] {
  const alive = partitions.flatMap(({ topic, partition, claim }) =>
    claim?.state === 'alive' ? [{ topic, partition, ...claim }] : [],
  );
  return [...byOwner(alive)].map(
    ([owner, its]) =>
      `${listPartitions(its)} ${its.length === 1 ? 'is' : 'are'} processed now by ${owner}: a second run would be refused`,
  );
}

function lookAt(
  { topic, partition, problem, committedOffset, startOffset, endOffset }: PartitionLag,
  setup: JobSetup,
  { problems, notes }: { problems: string[]; notes: string[] },
): void {
  const at = `${topic}/${partition}`;
  if (endOffset === undefined) problems.push(`${at} has no leader: no broker serves it now`);
  if (problem === undefined) return;
  const policy = setup.options.onOffsetOutOfRange ?? 'fail';
  const why = {
    'before-start': `its records before ${count(startOffset ?? 0)} were deleted`,
    'past-end': `its log ends at ${count(endOffset ?? 0)}`,
    recreated: 'the topic was recreated since',
  }[problem];
  const text = `${at}: the committed offset ${count(committedOffset ?? 0)} is out of range, since ${why}`;
  if (policy === 'fail') problems.push(`${text}; find out why, then decide with --on-offset-out-of-range`);
  else notes.push(`${text}; a run would start at '${policy}'`);
}
