import { randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { Kafka, logLevel } from 'kafkajs';
import { EmbeddedCluster } from '../../../source/embedded/index.ts';
import type { EmbeddedClusterOptions } from '../../../source/embedded/index.ts';

/** An embedded cluster of this spec alone, closed after it. */
export async function startEmbedded(
  t: ExecutionContext,
  options: EmbeddedClusterOptions = {},
): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start(options);
  t.teardown(() => cluster.close());
  return cluster;
}

/** kafkajs on a cluster, quiet. */
export function kafkajsOn(cluster: { readonly brokers: readonly string[] }): Kafka {
  return new Kafka({ clientId: 'spec', brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
}

/** A name no other spec uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
