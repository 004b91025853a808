import { randomBytes } from 'node:crypto';
import { createServer, connect as connectTcp, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { makeCertificate, type KafkaSecurity } from '../../../../scripts/services/kafka-security.ts';
import { startKafka, type KafkaServer } from '../../../../scripts/services/kafka-server.ts';
import { createKafkaTopic } from '../../../../scripts/services/kafka-probe.ts';
import {
  kafkaLogCreator,
  openClient,
  type KafkaOptions,
  type SaslOptions,
} from '../../../../source/kafka/open-client.ts';
import { ConnectionError } from '../../../../source/kernel/errors.ts';
import { TopicProcessor } from '../../../../source/topic-processor.ts';
import { randomName, testOnReal } from '../../../_helpers/servers/services.ts';
import { temporaryFolder } from '../../../_helpers/temporary-folder.ts';
import { connectClient, keepingLogger, type LogLine, numbers, readAll, sendNumbers } from '../test-client.ts';

const USER = { username: 'kasper', password: `right-${randomBytes(8).toString('hex')}` };
const WRONG = `wrong-${randomBytes(8).toString('hex')}`;
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const SASL_AUTHENTICATE = 36;
/** At once, on a machine that has other things to do as well. */
const AT_ONCE_MS = 10_000;

interface Secured {
  readonly kafka: KafkaServer;
  readonly brokers: KafkaSecurity['brokers'];
  readonly ssl: { readonly ca: string[] };
}

let starting: Promise<Secured> | undefined;

async function start(): Promise<Secured> {
  const kafka = await startKafka({ users: [USER] });
  if (kafka.security === undefined) throw new Error('users were given');
  const { brokers, certificate } = kafka.security;
  return { kafka, brokers, ssl: { ca: [certificate] } };
}

test.after.always(async () => {
  await (await starting)?.kafka.stop();
});

/** A spec on a Kafka with TLS and SASL, which all specs of this file share. */
function testOnSecured(
  title: string,
  implementation: (t: ExecutionContext, secured: Secured) => Promise<void>,
): void {
  testOnReal(
    title,
    async (t) => {
      t.timeout(240_000);
      starting ??= start();
      await implementation(t, await starting);
    },
    { needs: ['openssl'] },
  );
}

function withPassword(mechanism: (typeof MECHANISMS)[number], password = USER.password): SaslOptions {
  return { mechanism, username: USER.username, password };
}

for (const mechanism of MECHANISMS) {
  testOnSecured(
    `a job runs from end to end over TLS with SASL ${mechanism}`,
    async (t, { kafka, brokers, ssl }) => {
      const input = randomName('secured-in');
      const output = randomName('secured-out');
      for (const topic of [input, output])
        await createKafkaTopic(kafka.brokers, { topic, partitions: 3, config: {} });
      const options: KafkaOptions = { brokers: [...brokers.SASL_SSL], ssl, sasl: withPassword(mechanism) };
      const client = await connectClient(t, options);
      await sendNumbers(client, input, 3, 300);
      const { logger, lines } = keepingLogger();
      const processor = new TopicProcessor(
        {
          topicProcessorName: randomName('secured'),
          client: options,
          inputTopics: [input],
          inputPartitions: [0, 1, 2],
          logger,
        },
        {
          process: (messages, sender) => {
            for (const { partition, valueText } of messages)
              sender.send({ topic: output, partition, value: valueText });
          },
        },
      );
      t.like(await processor.runToEnd(), { records: 300, sent: 300 });
      t.deepEqual((await readAll(t, client, output, 3, 300)).sorted(), numbers(300));
      assertNoSecrets(t, lines, undefined);
    },
  );
}

testOnSecured(
  'TLS without SASL, and SASL without TLS, are served as well',
  async (t, { kafka, brokers, ssl }) => {
    const topic = randomName('secured');
    await createKafkaTopic(kafka.brokers, { topic, partitions: 1, config: {} });
    await sendNumbers(await connectClient(t, { brokers: [...brokers.SSL], ssl }), topic, 1, 10);
    for (const mechanism of MECHANISMS) {
      const sasl = withPassword(mechanism);
      const client = await connectClient(t, { brokers: [...brokers.SASL_PLAINTEXT], sasl });
      t.deepEqual((await readAll(t, client, topic, 1, 10)).sorted(), numbers(10));
    }
  },
);

/**
 * Options that do not fit the listener. `final`: no retry can fix it, so it ends the run
 * immediately.
 */
interface Mistake {
  readonly what: string;
  readonly options: (t: ExecutionContext, secured: Secured) => KafkaOptions | Promise<KafkaOptions>;
  readonly remedy: RegExp;
  readonly final: boolean;
}

const MISTAKES: readonly Mistake[] = [
  ...MECHANISMS.map((mechanism): Mistake => ({
    what: `a wrong password for ${mechanism}`,
    options: (_t, { brokers, ssl }) => ({
      brokers: [...brokers.SASL_SSL],
      ssl,
      sasl: withPassword(mechanism, WRONG),
    }),
    remedy: /authentication failed.*; check mechanism, username and password in the sasl option/i,
    final: true,
  })),
  {
    what: 'an unknown user',
    options: (_t, { brokers }) => ({
      brokers: [...brokers.SASL_PLAINTEXT],
      sasl: { mechanism: 'scram-sha-512', username: 'nobody', password: WRONG },
    }),
    remedy: /check mechanism, username and password in the sasl option/,
    final: true,
  },
  {
    what: 'a mechanism that the broker does not offer',
    options: (_t, { brokers, ssl }) => ({
      brokers: [...brokers.SASL_SSL],
      ssl,
      sasl: { mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: WRONG }) },
    }),
    remedy: /mechanism; check mechanism.*sasl option/,
    final: true,
  },
  {
    what: 'a self-signed certificate that is not trusted',
    options: (_t, { brokers }) => ({ brokers: [...brokers.SSL], ssl: true }),
    remedy: /check the ssl option: the certificate authority \(ca\)/,
    final: true,
  },
  {
    what: 'the authority of another cluster',
    options: async (t, { brokers }) => {
      const { certificate } = await makeCertificate('openssl', await temporaryFolder(t, {}));
      return { brokers: [...brokers.SASL_SSL], ssl: { ca: [certificate] }, sasl: withPassword('plain') };
    },
    remedy: /check the ssl option: the certificate authority \(ca\)/,
    final: true,
  },
  {
    what: 'a certificate of another host',
    options: (_t, { brokers, ssl }) => ({
      brokers: [...brokers.SSL],
      ssl: { ...ssl, servername: 'kafka.example' },
    }),
    remedy: /check the ssl option:.*the host name/,
    final: true,
  },
  {
    what: 'TLS on a port without it',
    options: (_t, { kafka, ssl }) => ({ brokers: [...kafka.brokers], ssl }),
    remedy: /check that this port speaks TLS, or leave the ssl option out/,
    final: false,
  },
  {
    what: 'no TLS on a port with it',
    options: (_t, { brokers }) => ({ brokers: [...brokers.SSL] }),
    remedy: /it speaks TLS: give the ssl option/,
    final: true,
  },
  {
    what: 'SASL without TLS on a port with both',
    options: (_t, { brokers }) => ({ brokers: [...brokers.SASL_SSL], sasl: withPassword('scram-sha-256') }),
    remedy: /it speaks TLS: give the ssl option/,
    final: true,
  },
  {
    what: 'no SASL on a port that asks for it',
    options: (_t, { brokers, ssl }) => ({ brokers: [...brokers.SASL_SSL], ssl }),
    remedy: /the port and the ssl and sasl options belong together/,
    final: false,
  },
  {
    what: 'SASL on a port without it',
    options: (_t, { kafka }) => ({ brokers: [...kafka.brokers], sasl: withPassword('plain') }),
    remedy: /check mechanism, username and password in the sasl option/,
    final: true,
  },
];

for (const { what, options, remedy, final } of MISTAKES) {
  testOnSecured(
    `${what} ends a run ${final ? 'immediately' : 'within retryTimeoutMs'}, with the broker and the remedy`,
    async (t, secured) => {
      // On a busy machine a second is not enough to connect.
      const client = { connectionTimeout: AT_ONCE_MS, ...(await options(t, secured)) };
      const { logger, lines } = keepingLogger();
      const retryTimeoutMs = final ? 120_000 : 5_000;
      const processor = new TopicProcessor(
        {
          topicProcessorName: randomName('mistake'),
          client,
          inputTopics: ['unread'],
          inputPartitions: [0],
          retryTimeoutMs,
          logger,
        },
        { process: () => undefined },
      );
      const began = performance.now();
      const error = await t.throwsAsync(processor.runToEnd(), { instanceOf: ConnectionError });
      const tookMs = performance.now() - began;
      t.true(tookMs < (final ? AT_ONCE_MS : retryTimeoutMs + 2 * AT_ONCE_MS), `${tookMs} ms`);
      t.is(error.retriable, !final);
      const [address = ''] = client.brokers as string[];
      t.true(error.message.includes(address), error.message);
      t.regex(error.message, remedy);
      assertNoSecrets(t, lines, error);
    },
  );
}

/** Neither the lines nor the error, with all that it holds, show a password in any form. */
function assertNoSecrets(t: ExecutionContext, lines: readonly LogLine[], error: unknown): void {
  const said = inspect([lines, error], { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  for (const secret of [USER.password, WRONG]) {
    const bytes = Buffer.from(secret);
    // As Node shows the bytes of a request.
    const hex = bytes.toString('hex').replace(/(..)(?=.)/g, '$1 ');
    for (const form of [secret, hex, bytes.toString('base64')]) t.false(said.includes(form), said);
  }
}

testOnSecured(
  'at the level at which kafkajs logs each request, no password is logged either, right or wrong',
  async (t, { brokers, ssl }) => {
    for (const mechanism of MECHANISMS) {
      for (const password of [USER.password, WRONG]) {
        const { logger, lines } = keepingLogger();
        const kafka = new Kafka({
          brokers: [...brokers.SASL_SSL],
          ssl,
          connectionTimeout: AT_ONCE_MS,
          sasl: withPassword(mechanism, password),
          logLevel: logLevel.DEBUG,
          logCreator: kafkaLogCreator(logger),
        } as KafkaConfig);
        const client = openClient(kafka, { logger, retryTimeoutMs: 5_000 });
        const error: unknown = await client.connect().catch((thrown: unknown) => thrown);
        await client.close();
        t.is(error instanceof ConnectionError, password === WRONG);
        t.true(lines.some(({ message }) => message.startsWith('Request SaslHandshake')));
        assertNoSecrets(t, lines, error);
      }
    }
  },
);

testOnSecured(
  'a connection that is lost in the middle of a login is opened again: that is no refusal',
  async (t, { brokers }) => {
    const [broker = ''] = brokers.SASL_PLAINTEXT;
    let cuts = 0;
    const proxy = createServer((socket) => {
      const upstream = connectTcp(Number(broker.split(':')[1]), '127.0.0.1');
      for (const side of [socket, upstream]) side.on('error', () => undefined);
      upstream.pipe(socket);
      socket.on('data', (data) => {
        if (cuts < 2 && data.readInt16BE(4) === SASL_AUTHENTICATE) {
          cuts += 1;
          socket.end();
        } else upstream.write(data);
      });
      socket.once('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => {
      proxy.listen(0, '127.0.0.1', resolve);
    });
    t.teardown(() => proxy.close());
    const { port } = proxy.address() as AddressInfo;
    for (const mechanism of MECHANISMS) {
      cuts = 0;
      await connectClient(t, { brokers: [`127.0.0.1:${port}`], sasl: withPassword(mechanism) });
      t.is(cuts, 2);
    }
  },
);
