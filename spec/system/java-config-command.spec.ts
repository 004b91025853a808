import { kafkaTool } from '../_helpers/servers/kafka-tools.ts';
import { randomName, testToolsOnBoth, type ClusterWithTools } from '../_helpers/servers/services.ts';

function configs(cluster: ClusterWithTools, topic: string, ...args: readonly string[]): Promise<string> {
  const of = ['--entity-type', 'topics', '--entity-name', topic];
  return kafkaTool(cluster, 'kafka.admin.ConfigCommand', [...of, ...args]);
}

testToolsOnBoth(
  "Kafka's ConfigCommand changes a topic's settings, is refused wrong ones, and shows them",
  async (t, cluster) => {
    t.timeout(180_000);
    const topic = randomName('settings');
    await cluster.createTopic(topic, 1);

    await configs(cluster, topic, '--alter', '--add-config', 'retention.ms=3600000,max.message.bytes=2000');
    const changed = await configs(cluster, topic, '--describe');
    t.regex(changed, /retention\.ms=3600000 .*DYNAMIC_TOPIC_CONFIG:retention\.ms=3600000/);
    t.regex(changed, /max\.message\.bytes=2000 .*DEFAULT_CONFIG:message\.max\.bytes=1048588/);

    await t.throwsAsync(configs(cluster, topic, '--alter', '--add-config', 'retention.ms=x'), {
      message: /Invalid value x for configuration retention\.ms/,
    });
    await t.throwsAsync(configs(cluster, topic, '--alter', '--add-config', 'retention.mss=1'), {
      message: /Unknown topic config name: retention\.mss/,
    });

    await configs(cluster, topic, '--alter', '--delete-config', 'retention.ms');
    const deleted = await configs(cluster, topic, '--describe');
    t.notRegex(deleted, /retention\.ms/);
    t.regex(deleted, /max\.message\.bytes=2000/);
  },
);
