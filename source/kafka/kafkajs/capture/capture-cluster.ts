import { Kafka, PartitionAssigners } from 'kafkajs';
import type { KafkaConfig } from 'kafkajs';
import { openDirectSocket } from './direct-socket.ts';
import { isKafkaLike, type KafkaLike, type KafkaOptions } from '../kafka-options.ts';
import { checkInternals, installedKafkajsVersion } from './internals.ts';
import type { CheckedCluster } from './internals.ts';
import type { KafkajsLog } from './kafkajs-log.ts';
import { SeedAddresses, type SeedAddress } from './seed-addresses.ts';

/** A kafkajs cluster that is all there, and what is known of the user's addresses. */
export interface CapturedCluster extends CheckedCluster {
  /** Undefined: kafkajs has them. */
  readonly seeds: SeedAddresses | undefined;
  readonly sockets: SeedAddress['sockets'];
}

/**
 * Gets hold of a kafkajs `Cluster`: it makes connections with the user's TLS, SASL and socket
 * factory.
 *
 * kafkajs hands its Cluster to the factories in `partitionAssigners`, when the consumer is made.
 * That consumer is never run and holds nothing. Topic creation is turned off, or a typing error in
 * a name would make a topic where brokers allow it.
 *
 * Addresses of options are read here: kafkajs cuts them at the first colon, which no IPv6 address
 * survives.
 *
 * @throws ConfigError if no brokers are given, or if the Kafka instance is not of the kafkajs we
 * know
 */
export async function captureCluster(
  client: KafkaLike | KafkaOptions,
  log: KafkajsLog,
): Promise<CapturedCluster> {
  const isKafka = isKafkaLike(client);
  const kafka = isKafka ? client : kafkaOf(client, log);
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
  const checked = await checkInternals(
    cluster,
    kafka instanceof Kafka ? installedKafkajsVersion() : 'another copy, of a version that it does not tell,',
  );
  if (isKafka) return { ...checked, seeds: undefined, sockets: 'own' };
  const seeds = new SeedAddresses(client.brokers);
  const { connectionPoolBuilder: builder } = checked.cluster;
  const build = builder.build.bind(builder);
  builder.build = async (destination) => build(destination ?? (await seeds.next()));
  const withTls = client.ssl !== undefined && client.ssl !== false;
  return {
    ...checked,
    seeds,
    sockets: client.socketFactory !== undefined ? 'own' : withTls ? 'tls' : 'plain',
  };
}

function kafkaOf({ sasl, ...options }: KafkaOptions, log: KafkajsLog): Kafka {
  // The SASL options are copied, since kafkajs writes into them.
  return new Kafka({
    logCreator: () => log,
    ...options,
    socketFactory: options.socketFactory ?? openDirectSocket,
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
  } as KafkaConfig);
}
