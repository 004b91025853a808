import type { RunContext } from '../config/run-context.ts';
import type { TopicDescription } from '../kafka/client.ts';
import { ConfigError } from '../kernel/errors.ts';
import { missingTopicText, neededTopics } from '../middleware/middleware-info.ts';

/**
 * Looks up the topics that the middleware sends to, and creates those that it says are to be created.
 *
 * @throws ConfigError that names each missing one, and how to create it
 */
export async function openTopics(
  { config, client, logger }: Pick<RunContext, 'config' | 'client' | 'logger'>,
  inputs: ReadonlyMap<string, TopicDescription>,
): Promise<void> {
  const needed = neededTopics(config.middleware, config.inputTopics);
  if (needed.length === 0) return;
  const found = await client.describeTopics(needed.map(({ topic }) => topic));
  const missing = needed.filter(({ topic }) => !found.has(topic));
  const countFor = (like: string) => inputs.get(like)?.partitionCount ?? 1;
  const problems = missing
    .filter(({ create }) => !create)
    .map((topic) => missingTopicText(topic, countFor(topic.like)));
  if (problems.length > 0) throw new ConfigError(problems, { what: 'middleware' });
  if (missing.length === 0) return;
  const created = await client.createTopics(
    missing.map(({ topic, like }) => ({
      topic,
      partitionCount: countFor(like),
      // What was set aside is kept until somebody has looked at it.
      config: { 'retention.ms': '-1' },
    })),
  );
  logger.info('Topics created', { topics: created.join(',') });
}
