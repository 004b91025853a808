import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../../scripts/services/folders.ts';
import { EmbeddedCluster } from '../../../source/embedded/cluster.ts';
import { createKafkaTopic } from '../../../scripts/services/kafka-probe.ts';
import type { ClientRun } from './client-runs.ts';

/** The versions of its requests by API, as `3` or `3, 7`. */
export type AskedVersions = Readonly<Record<string, string>>;

/** Of each client, by its name. */
export type ClientRequests = Readonly<Record<string, AskedVersions>>;

/** Where it is on record what clients ask for. */
export const clientRequestsFile = join(repositoryRoot, 'spec/_helpers/clients/client-requests.json');

export function readClientRequests(): ClientRequests {
  return JSON.parse(readFileSync(clientRequestsFile, 'utf8')) as ClientRequests;
}

/** Runs a client on a cluster of its own, and returns what it asked for. */
export async function requestsOf({ run }: ClientRun, libs: string): Promise<AskedVersions> {
  await using cluster = await EmbeddedCluster.start({ topics: { in: 1, out: 1 } });
  const { brokers } = cluster;
  const createTopic = (topic: string, partitions: number) =>
    createKafkaTopic(brokers, { topic, partitions, config: {} });
  await run(cluster, { kind: 'embedded', brokers, libs, createTopic });
  const versions = new Map<string, number[]>();
  for (const { api, version } of cluster.requests())
    versions.set(api, [...(versions.get(api) ?? []), version]);
  return Object.fromEntries(
    [...versions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([api, found]) => [api, found.sort((a, b) => a - b).join(', ')]),
  );
}
