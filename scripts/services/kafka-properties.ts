/** Where a node of a cluster listens. Each node is a broker and a controller in one. */
export interface KafkaNodePlace {
  readonly id: number;
  /** The address at which the broker listens. */
  readonly host: string;
  readonly brokerPort: number;
  readonly controllerPort: number;
}

/** The configuration of one node (server.properties). */
export function kafkaProperties(
  node: KafkaNodePlace,
  all: readonly KafkaNodePlace[],
  dataFolder: string,
  extra: Readonly<Record<string, string>>,
): string {
  const replicas = String(Math.min(all.length, 3));
  const inSync = all.length > 1 ? '2' : '1';
  const broker = `PLAINTEXT://${node.host}:${node.brokerPort}`;
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': all
      .map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`)
      .join(','),
    listeners: `${broker},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': broker,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataFolder,

    // A typing error in a topic's name must be seen, not create a topic.
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,

    // Few and small files and threads: dozens of runs share a machine with the specs. The defaults
    // are 50 partitions each.
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.num.partitions': '2',
    'log.segment.bytes': '16777216',
    'log.cleaner.dedupe.buffer.size': '2097152',
    // Compaction is looked for every 15 s by default.
    'log.cleaner.backoff.ms': '1000',
    'num.network.threads': '2',
    'num.io.threads': '2',
    'num.replica.fetchers': '1',

    // Groups form immediately, and a dead member may be noticed after a second.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',

    // A killed broker is let in again once its former session is over, and leaders move then: 9 s
    // by default.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    ...extra,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
