import { existsSync } from 'node:fs';
import test from 'ava';
import { elasticsearchRelease } from '../../../scripts/services/elasticsearch-server.ts';
import { isListening } from '../../../scripts/services/listening.ts';
import { prometheusVersion } from '../../../scripts/services/prometheus-server.ts';
import { redisVersion, startRedis } from '../../../scripts/services/redis-server.ts';
import { PortTakenError, startOnFreePorts } from '../../../scripts/services/started-server.ts';
import { testOnOwn, testWith } from '../../_helpers/servers/services.ts';

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

testOnOwn('redis', 'a port that is taken is told apart from other failures', async (t, { port }) => {
  await t.throwsAsync(startRedis({ port }), { instanceOf: PortTakenError, message: /Redis could not be/ });
  const other = await t.throwsAsync(startRedis({ args: ['--no-such-option'] }));
  t.false(other instanceof PortTakenError);
});

testWith(['redis-server'], 'a Redis that was killed can be started on its port again', async (t) => {
  let { port, folder, kill, stop } = await startRedis();
  for (let restart = 0; restart < 5; restart++) {
    await kill();
    ({ port, folder, kill, stop } = await startRedis({ port, folder }));
  }
  await stop();
  t.false(existsSync(folder));
});

test('a server whose port was taken is started on another, a few times', async (t) => {
  const tried = new Set<number>();
  const failing = (times: number) => (ports: readonly number[]) => {
    for (const port of ports) tried.add(port);
    return tried.size > 2 * times ? Promise.resolve(ports) : Promise.reject(new PortTakenError('taken'));
  };
  t.is((await startOnFreePorts(2, failing(2))).length, 2);
  t.is(tried.size, 6);
  tried.clear();
  await t.throwsAsync(startOnFreePorts(2, failing(3)), { instanceOf: PortTakenError });
  await t.throwsAsync(
    startOnFreePorts(1, () => Promise.reject(new Error('broken'))),
    { message: 'broken' },
  );
});
