import { addressText } from '../kernel/address.ts';
import { clusterError } from './cluster-error.ts';
import type { ClusterState } from './cluster-state.ts';
import { EmbeddedNode } from './node.ts';
import type { ResolvedOptions } from './options.ts';

/** The nodes of the embedded cluster, those that are stopped too. Their ids count from 1. */
export class EmbeddedNodes {
  readonly all: readonly EmbeddedNode[];

  constructor({ brokers, host, advertisedHost, port }: ResolvedOptions) {
    this.all = Array.from(
      { length: brokers },
      (_, i) =>
        new EmbeddedNode(i + 1, { listenHost: host, advertisedHost, port: port === 0 ? 0 : port + i }),
    );
  }

  /** `host:port` of each. */
  get addresses(): string[] {
    return this.all.map(addressText);
  }

  /** Connections that clients have open to all of them together. */
  get connections(): number {
    let open = 0;
    for (const node of this.all) open += node.connections;
    return open;
  }

  /** @throws ConfigError if there is no such node */
  get(nodeId: number): EmbeddedNode {
    const node = this.all.find((each) => each.nodeId === nodeId);
    if (node !== undefined) return node;
    throw clusterError([`there is no node ${nodeId}: ids are 1 to ${this.all.length}`]);
  }

  /** @throws ConfigError if there is no such node, or it is stopped */
  checkLive(nodeId: number): void {
    if (!this.get(nodeId).live) throw clusterError([`node ${nodeId} is stopped: start it first`]);
  }

  /** @throws ConfigError if an address cannot be listened on */
  async start(cluster: ClusterState): Promise<void> {
    for (const node of this.all) await node.start(cluster);
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((node) => node.stop()));
  }
}
