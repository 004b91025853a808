import { counted } from '../terminal/figures.ts';

/** A cluster that `kasper broker` has started. */
interface StartedBroker {
  readonly addresses: readonly string[];
  /** Their numbers of partitions. */
  readonly topics: Readonly<Record<string, number>>;
  readonly autoCreateTopics: boolean;
}

/** What a cluster is, and commands that use it: each of them works as it is printed. */
export function brokerText({ addresses, topics, autoCreateTopics }: StartedBroker): string {
  const brokers = addresses.join(',');
  const kcat = `kcat -b ${addresses[0] ?? ''}`;
  const listed = Object.entries(topics).map(([name, count]) => `${name} (${counted(count, 'partition')})`);
  const byUse = autoCreateTopics ? 'others are created when clients ask for them' : '';
  const none = autoCreateTopics
    ? 'created when clients ask for them'
    : 'none yet: --topic name:partitions, --auto-create-topics, or an admin client';
  const shown = listed.length === 0 ? none : [...listed, ...(byUse === '' ? [] : [byUse])].join(', ');
  const topic = Object.keys(topics)[0] ?? (autoCreateTopics ? 'words' : undefined);
  const lines = [
    `kasper run job.js --brokers ${brokers}`,
    `${kcat} -L`,
    ...(topic === undefined ? [] : [`echo 'key:value' | ${kcat} -P -t ${topic} -K :`]),
  ];
  return `Kafka cluster in memory, ${counted(addresses.length, 'broker')}: for development and tests. Its data is lost when it stops.

  brokers  ${brokers}
  topics   ${shown}

From another terminal:
${lines.map((line) => `  ${line}`).join('\n')}

Ctrl-C stops it.
`;
}
