import { Kafka, PartitionAssigners } from 'kafkajs';
import type { KafkaConfig } from 'kafkajs';
import type { Logger } from '../../../kernel/logger.ts';
import { ConfigError } from '../../../kernel/errors.ts';
import { hideSecrets } from '../../../kernel/secrets.ts';
import type { KafkaLike, KafkaOptions } from '../kafka-options.ts';
import { checkInternals, installedKafkajsVersion } from './internals.ts';
import type { CheckedCluster } from './internals.ts';
import { kafkaLogCreator } from './kafkajs-log.ts';

/**
 * Gets hold of a kafkajs `Cluster`: it makes connections with the user's addresses, TLS, SASL and
 * socket factory.
 *
 * kafkajs hands its Cluster to the factories in `partitionAssigners`, when the consumer is made.
 * That consumer is never run and holds nothing. Topic creation is turned off, or a typing error in
 * a name would make a topic where brokers allow it.
 *
 * @throws ConfigError if no brokers are given, or if the Kafka instance is not of the kafkajs we
 * know
 */
export async function captureCluster(
  client: KafkaLike | KafkaOptions,
  logger: Logger,
): Promise<CheckedCluster> {
  const kafka = isKafkaLike(client) ? client : kafkaOf(client, logger);
  let cluster: unknown;
  kafka.consumer({
    groupId: 'unused',
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config: Parameters<typeof PartitionAssigners.roundRobin>[0]) => {
        cluster = config.cluster;
        return PartitionAssigners.roundRobin(config);
      },
    ],
  });
  return checkInternals(
    cluster,
    kafka instanceof Kafka ? installedKafkajsVersion() : 'another copy, of a version that it does not tell,',
  );
}

function isKafkaLike(client: KafkaLike | KafkaOptions): client is KafkaLike {
  return 'consumer' in client && typeof client.consumer === 'function';
}

function kafkaOf(options: KafkaOptions, logger: Logger): Kafka {
  const { brokers } = options;
  if (typeof brokers !== 'function') {
    const problems: string[] = [];
    if (!Array.isArray(brokers) || brokers.length === 0)
      problems.push('brokers: give at least one address as host:port, such as localhost:9092');
    else
      for (const address of brokers)
        if (!isAddress(address))
          problems.push(
            `brokers: ${hideSecrets(JSON.stringify(address))} is not an address of the form host:port`,
          );
    if (problems.length > 0) throw new ConfigError(problems, { what: 'Kafka client' });
  }
  // The SASL options are copied, since kafkajs writes into them.
  const { sasl, ...rest } = options;
  return new Kafka({
    logCreator: kafkaLogCreator(logger),
    ...rest,
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  } as KafkaConfig);
}

function isAddress(value: unknown): boolean {
  const port = typeof value === 'string' ? /^[^\s:]+:(\d{1,5})$/.exec(value)?.[1] : undefined;
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
}
