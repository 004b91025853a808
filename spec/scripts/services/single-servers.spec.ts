import { existsSync } from 'node:fs';
import { elasticsearchRelease } from '../../../scripts/services/elasticsearch-server.ts';
import { isListening } from '../../../scripts/services/listening.ts';
import { prometheusVersion } from '../../../scripts/services/prometheus-server.ts';
import { redisVersion } from '../../../scripts/services/redis-server.ts';
import { testOnOwn } from '../../_helpers/servers/services.ts';

const versions = {
  redis: { version: redisVersion, expected: /^[78]\./ },
  elasticsearch: { version: elasticsearchRelease, expected: /^8\.19\.6$/ },
  prometheus: { version: prometheusVersion, expected: /^[23]\./ },
} as const;

for (const service of ['redis', 'elasticsearch', 'prometheus'] as const) {
  testOnOwn(
    service,
    `${service} serves on a free port until it is stopped, and leaves nothing behind`,
    async (t, server) => {
      const { version, expected } = versions[service];
      t.regex(await version(server.port), expected);
      await server.stop();
      t.false(await isListening(server.port));
      t.false(existsSync(server.folder));
    },
  );
}
