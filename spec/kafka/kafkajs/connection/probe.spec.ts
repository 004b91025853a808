import { createServer, type AddressInfo } from 'node:net';
import test from 'ava';
import { probe } from '../../../../source/kafka/kafkajs/connection/probe.ts';

const CLIENT_HELLO = 0x16;
/** A TLS alert: what a TLS port answers to bytes that are no handshake. */
const ALERT = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]);

test('a TLS port that is slow to shake hands is no mistake of a client with TLS, and one of a client without', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      if (first[0] !== CLIENT_HELLO) socket.end(ALERT);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => server.close());
  const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  t.deepEqual(await probe(address, { withTls: true, hasFailed: false, timeoutMs: 300 }), {
    text: 'it accepts connections and has not answered yet',
    isForeign: false,
  });
  t.like(await probe(address, { withTls: false, hasFailed: false, timeoutMs: 300 }), {
    isForeign: true,
    text: 'it speaks TLS: give the ssl option, or the port of a listener without TLS',
  });
});
