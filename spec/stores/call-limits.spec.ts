import { once } from 'node:events';
import test from 'ava';
import { TimeoutError } from '../../source/kernel/errors.ts';
import { withinLimits } from '../../stores/backend/call-limits.ts';
import { socketPair } from '../_helpers/servers/socket-pair.ts';
import { spin } from '../_helpers/spin.ts';

test('an answer that came while the event loop did not turn is in time', async (t) => {
  const { socket, peer } = await socketPair(t);
  const answer = withinLimits({ timeoutMs: 50 }, async () => {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes.toString();
  });
  peer.write('answer');
  spin(200);
  t.is(await answer, 'answer');
});

test('a server that says nothing is given up after timeoutMs', async (t) => {
  const began = performance.now();
  await t.throwsAsync(
    withinLimits({ timeoutMs: 50 }, () => new Promise(() => undefined)),
    { instanceOf: TimeoutError, message: 'no answer within timeoutMs (50 ms)' },
  );
  t.true(performance.now() - began >= 49);
});
