import { ConfigError } from '../../../kernel/errors.ts';
import type { KafkajsBroker } from '../capture/internals.ts';
import { CREATE_TOPICS } from './create-topics.ts';
import { DESCRIBE_CONFIGS } from './describe-configs.ts';
import { DESCRIBE_GROUPS } from './describe-groups.ts';
import { FETCH } from './fetch.ts';
import { FIND_COORDINATOR } from './find-coordinator.ts';
import { INIT_PRODUCER_ID } from './init-producer-id.ts';
import { LIST_GROUPS } from './list-groups.ts';
import { LIST_OFFSETS } from './list-offsets.ts';
import { METADATA } from './metadata.ts';
import { OFFSET_COMMIT } from './offset-commit.ts';
import { OFFSET_FETCH } from './offset-fetch.ts';
import { PRODUCE } from './produce.ts';

/** The one version of each request that is sent. All are served by Apache Kafka 2.8 and newer. */
const REQUIRED: readonly (readonly [apiKey: number, name: string, version: number])[] = [
  [PRODUCE, 'Produce', 7],
  [FETCH, 'Fetch', 10],
  [LIST_OFFSETS, 'ListOffsets', 5],
  [METADATA, 'Metadata', 10],
  [OFFSET_COMMIT, 'OffsetCommit', 7],
  [OFFSET_FETCH, 'OffsetFetch', 7],
  [FIND_COORDINATOR, 'FindCoordinator', 2],
  [CREATE_TOPICS, 'CreateTopics', 4],
  [INIT_PRODUCER_ID, 'InitProducerId', 1],
  [DESCRIBE_GROUPS, 'DescribeGroups', 2],
  [LIST_GROUPS, 'ListGroups', 2],
  [DESCRIBE_CONFIGS, 'DescribeConfigs', 2],
];

/**
 * Makes sure that a broker serves each request in the version that is sent to it.
 *
 * @throws ConfigError that names the requests, our version and the broker's range
 */
export function checkApiVersions(versions: KafkajsBroker['versions'], broker: string): void {
  const problems: string[] = [];
  for (const [apiKey, name, version] of REQUIRED) {
    const range = versions?.[apiKey];
    if (range === undefined) problems.push(`${name} version ${version} is needed, it has none`);
    else if (version < range.minVersion || version > range.maxVersion)
      problems.push(
        `${name} version ${version} is needed, it has ${range.minVersion} to ${range.maxVersion}`,
      );
  }
  if (problems.length > 0)
    throw new ConfigError(problems, {
      what: `Broker ${broker} is too old or too new (Kafka 2.8 to 4.x fit)`,
    });
}
