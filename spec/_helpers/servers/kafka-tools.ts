import { javaArguments } from '../../../scripts/services/kafka-class-path.ts';
import { requirePrograms, run } from '../../../scripts/services/programs.ts';
import type { ClusterWithTools } from './services.ts';

const timeoutMs = 60_000;

/**
 * Runs one of Kafka's own command-line tools by the name of its Java class (1 to 2 s), and returns
 * what it printed.
 */
export async function kafkaTool(
  kafka: ClusterWithTools,
  javaClass: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { java } = requirePrograms('Kafka', ['java']);
  const server = ['--bootstrap-server', kafka.brokers.join(',')];
  const result = await run(java, [...javaArguments(kafka.libs, 128), javaClass, ...server, ...args], {
    timeoutMs,
    ...(input === undefined ? {} : { input }),
  });
  return result.stdout;
}

/** What kafka-consumer-groups.sh says of one partition. */
export interface GroupRow {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: nothing committed. */
  readonly offset: number | undefined;
  readonly endOffset: number;
  readonly lag: number | undefined;
  /** Undefined: no member owns it. */
  readonly consumerId: string | undefined;
}

/** A group's offsets by kafka-consumer-groups.sh --describe, sorted by topic and partition. */
export async function describeGroup(kafka: ClusterWithTools, group: string): Promise<GroupRow[]> {
  const text = await kafkaTool(kafka, 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
    '--describe',
    '--group',
    group,
  ]);
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([name]) => name === group)
    .map(([, topic = '', partition, offset, endOffset, lag, consumerId]): GroupRow => ({
      topic,
      partition: Number(partition),
      offset: dashNumber(offset),
      endOffset: Number(endOffset),
      lag: dashNumber(lag),
      consumerId: consumerId === '-' ? undefined : consumerId,
    }));
  return rows.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
}

/** End offsets by kafka-get-offsets.sh, in the order of the partitions. */
export async function endOffsets(kafka: ClusterWithTools, topic: string): Promise<number[]> {
  const text = await kafkaTool(kafka, 'org.apache.kafka.tools.GetOffsetShell', ['--topic', topic]);
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(':'))
    .sort((a, b) => Number(a[1]) - Number(b[1]))
    .map((fields) => Number(fields[2]));
}

/** A record as another client read it; key and value as text. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

const nullText = '<null>';

/**
 * The records of a topic as kafka-console-consumer.sh reads them, until `count` were read. Text
 * without tabs and line ends only.
 */
export async function consoleConsume(
  kafka: ClusterWithTools,
  topic: string,
  count: number,
  isolation: 'read_committed' | 'read_uncommitted' = 'read_committed',
): Promise<ReadRecord[]> {
  const properties = {
    'print.key': 'true',
    'print.partition': 'true',
    'print.offset': 'true',
    'null.literal': nullText,
  };
  const text = await kafkaTool(kafka, 'org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--topic', topic, '--from-beginning', '--max-messages', String(count), '--timeout-ms', '20000'],
    ...['--isolation-level', isolation],
    ...Object.entries(properties).flatMap(([name, value]) => ['--property', `${name}=${value}`]),
  ]);
  return text
    .split('\n')
    .filter((line) => line.startsWith('Partition:'))
    .map((line) => {
      const [partition = '', offset = '', key = '', value = ''] = line.split('\t');
      return {
        partition: Number(partition.slice('Partition:'.length)),
        offset: Number(offset.slice('Offset:'.length)),
        key: key === nullText ? null : key,
        value: value === nullText ? null : value,
      };
    });
}

/** Runs kcat (librdkafka) against a cluster and returns what it printed. */
export async function kcat(
  brokers: readonly string[],
  args: readonly string[],
  input?: string,
): Promise<string> {
  const { kcat: program } = requirePrograms('kcat', ['kcat']);
  const result = await run(program, ['-b', brokers.join(','), ...args], {
    timeoutMs,
    ...(input === undefined ? {} : { input }),
  });
  return result.stdout;
}

/** A record as kcat shows it. */
export interface KcatRecord extends ReadRecord {
  readonly timestamp: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

interface KcatJson {
  readonly partition: number;
  readonly offset: number;
  readonly ts?: number;
  readonly key: string | null;
  readonly payload: string | null;
  readonly headers?: readonly string[];
}

/** All records of a topic as librdkafka reads them, by partition, then by offset. */
export async function kcatRecords(brokers: readonly string[], topic: string): Promise<KcatRecord[]> {
  const text = await kcat(brokers, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-J']);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as KcatJson)
    .map(({ partition, offset, ts = -1, key, payload, headers = [] }) => ({
      partition,
      offset,
      timestamp: ts,
      key,
      value: payload,
      headers,
    }))
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function dashNumber(text: string | undefined): number | undefined {
  return text === undefined || text === '-' ? undefined : Number(text);
}
