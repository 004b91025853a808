import { until } from '../until.ts';
import type { RawClient } from './raw-client.ts';
import { TOPIC, changeConfigs, describeConfigs } from './raw-configs.ts';

/** Sets values of a topic, and waits until its leader has them. */
export async function setTopic(
  client: RawClient,
  topic: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const changes = Object.entries(values).map(([name, value]) => [name, 0, value] as const);
  const [answer] = await changeConfigs(client, [[TOPIC, topic, changes]]);
  if (answer?.[0] !== 0) throw new Error(`The topic's settings were refused: ${JSON.stringify(answer)}`);
  const isThere = async () => {
    const { settings } = await describeConfigs(client, [TOPIC, topic], Object.keys(values));
    return settings.every(({ name, value }) => value === values[name]);
  };
  await until(isThere, { deadlineMs: 20_000, what: `${topic} to have ${JSON.stringify(values)}` });
}
