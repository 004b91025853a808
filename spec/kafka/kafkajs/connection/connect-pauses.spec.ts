import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'ava';
import { ConnectPauses } from '../../../../source/kafka/kafkajs/connection/connect-pauses.ts';
import { ConnectionError } from '../../../../source/kernel/errors.ts';
import { FakeClock } from '../../../../source/testing/fake-clock.ts';
import { startEmbedded } from '../../../_helpers/servers/clusters.ts';
import { until } from '../../../_helpers/until.ts';
import { connectClient } from '../test-client.ts';

const refused = new ConnectionError('refused', { retriable: true });

test('an address that failed is tried again after 50 ms, then later and later, up to half a second', async (t) => {
  const clock = new FakeClock();
  const pauses = new ConnectPauses(clock);
  for (const ms of [50, 100, 200, 400, 500, 500, 500]) {
    pauses.failed('a:1', refused);
    await clock.advance(0.8 * ms - 1);
    t.is(pauses.errorOf('a:1'), refused, `${ms} ms`);
    await clock.advance(0.4 * ms + 2);
    t.is(pauses.errorOf('a:1'), undefined, `${ms} ms`);
  }
  t.is(pauses.errorOf('b:1'), undefined, 'another address');
  pauses.failed('a:1', refused);
  pauses.connected('a:1');
  t.is(pauses.errorOf('a:1'), undefined);
});

test('many that ask a broker which takes no connections make few of them', async (t) => {
  const cluster = await startEmbedded(t, { brokers: 1, topics: { numbers: 1 } });
  const client = await connectClient(t, cluster.brokers);
  const port = Number(cluster.brokers[0]?.split(':')[1]);
  await cluster.stopNode(1);
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const since = performance.now();
  const asked = Array.from({ length: 12 }, (_none, at) =>
    client.group(`group-${at}`).fetch([{ topic: 'numbers', partition: 0 }]),
  );
  await until(() => connections >= 8, { deadlineMs: 20_000, what: 'eight connections' });
  // The sum of seven pauses, each of at least 0.8 of its length.
  t.true(performance.now() - since > 1_700, `${connections} in ${performance.now() - since} ms`);

  server.close();
  await once(server, 'close');
  await cluster.startNode(1);
  t.is((await Promise.all(asked)).length, 12);
});
