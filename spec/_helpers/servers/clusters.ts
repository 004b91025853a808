import type { ExecutionContext } from 'ava';
import { EmbeddedCluster } from '../../../source/embedded/cluster.ts';
import type { EmbeddedClusterOptions } from '../../../source/embedded/options.ts';
import { testEmbedded, testRealPart, type TestCluster } from './services.ts';

/** What only the embedded one of two clusters does on request. */
export interface EachCluster extends TestCluster {
  /** Compacts a topic but for its last batch; a broker does it by itself. */
  readonly compact?: (topic: string) => Promise<void>;
}

/**
 * A spec that runs twice: on an embedded cluster of three nodes of its own, and on the real Kafka
 * of the run where there is one.
 */
export function testOnEach(
  title: string,
  implementation: (t: ExecutionContext, cluster: EachCluster) => Promise<void>,
): void {
  testEmbedded(title, async (t) => {
    const cluster = await startEmbedded(t);
    await implementation(t, {
      kind: 'embedded',
      brokers: cluster.brokers,
      createTopic: (name, partitions, config = {}) => {
        cluster.createTopic(name, { partitions, config });
        return Promise.resolve();
      },
      compact: (topic) => cluster.compact(topic, { activeBatches: 1 }),
    });
  });
  testRealPart(`${title} (real)`, implementation);
}

/** An embedded cluster of three nodes, closed when the spec ends. */
export async function startEmbedded(
  t: ExecutionContext,
  options: EmbeddedClusterOptions = {},
): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.start({ brokers: 3, ...options });
  t.teardown(() => cluster.close());
  return cluster;
}
