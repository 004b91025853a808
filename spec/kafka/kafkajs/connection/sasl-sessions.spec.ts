import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { inspect } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { startKafka, type KafkaServer } from '../../../../scripts/services/kafka-server.ts';
import { createKafkaTopic } from '../../../../scripts/services/kafka-probe.ts';
import { openClient, type KafkaOptions, type SaslOptions } from '../../../../source/kafka/open-client.ts';
import { ConnectionError, KasperError, TimeoutError } from '../../../../source/kernel/errors.ts';
import { randomName, testOnReal } from '../../../_helpers/servers/services.ts';
import { until } from '../../../_helpers/until.ts';
import {
  appendNumbers,
  Collector,
  connectClient,
  CountingBudget,
  keepingLogger,
  type LogLine,
  numbers,
  openSource,
  partitionsOf,
  startAt,
} from '../test-client.ts';

const USER = { username: 'kasper', password: `right-${randomBytes(8).toString('hex')}` };
const SASL_HANDSHAKE = 17;
const MODULE = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule';
/** kafkajs's default of `reauthenticationThreshold`, than which each of these sessions is shorter. */
const SESSIONS_MS = { plain: 4_000, 'scram-sha-256': 3_000, 'scram-sha-512': 2_000 } as const;
/** A login, and three renewals of its session. */
const LOGINS = 4;

/** With connections.max.reauth.ms for each mechanism, and without. */
type Listeners = Readonly<Record<'limited' | 'unlimited', KafkaOptions>>;

let starting: Promise<KafkaServer> | undefined;

function start(): Promise<KafkaServer> {
  const listener = 'listener.name.sasl_plaintext';
  const properties: Record<string, string> = {
    [`${listener}.oauthbearer.connections.max.reauth.ms`]: '3600000',
  };
  for (const each of [listener, 'listener.name.sasl_ssl']) {
    properties[`${each}.sasl.enabled.mechanisms`] = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER';
    // Tokens without a signature, which no issuer needs to have made.
    properties[`${each}.oauthbearer.sasl.jaas.config`] =
      `${MODULE} required unsecuredLoginStringClaim_sub="broker";`;
  }
  for (const [mechanism, ms] of Object.entries(SESSIONS_MS))
    properties[`${listener}.${mechanism}.connections.max.reauth.ms`] = String(ms);
  return startKafka({ users: [USER], properties });
}

test.after.always(async () => {
  await (await starting)?.stop();
});

/** A spec on a Kafka with sessions that end, which all specs of this file share. */
function testOnSessions(
  title: string,
  implementation: (t: ExecutionContext, listeners: Listeners, topic: string) => Promise<void>,
): void {
  testOnReal(
    title,
    async (t) => {
      t.timeout(240_000);
      starting ??= start();
      const { brokers, security } = await starting;
      const topic = randomName('sessions');
      await createKafkaTopic(brokers, { topic, partitions: 1, config: {} });
      if (security === undefined) throw new Error('users were given');
      const {
        brokers: { SASL_PLAINTEXT, SASL_SSL },
        certificate,
      } = security;
      const open = { brokers: [...SASL_PLAINTEXT] };
      const secured = { brokers: [...SASL_SSL], ssl: { ca: [certificate] } };
      await implementation(t, { limited: open, unlimited: secured }, topic);
    },
    { needs: ['openssl'] },
  );
}

/** How often each of the sockets logged in, in the order in which they were opened. */
function countingLogins(): { readonly logins: number[]; readonly socketFactory: () => Socket } {
  const logins: number[] = [];
  const socketFactory = (({ host, port, ssl, onConnect }: SocketArguments) => {
    const socket = ssl ? connectTls({ ...ssl, host, port }, onConnect) : connect({ host, port }, onConnect);
    const at = logins.push(0) - 1;
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
    socket.write = (chunk: unknown, ...more: unknown[]) => {
      const bytes = Buffer.from(chunk as string, 'binary');
      if (bytes.length >= 6 && bytes.readInt16BE(4) === SASL_HANDSHAKE) logins[at] = (logins[at] ?? 0) + 1;
      return write(chunk, ...more);
    };
    return socket;
  }) as () => Socket;
  return { logins, socketFactory };
}

interface SocketArguments {
  readonly host: string;
  readonly port: number;
  readonly ssl: ConnectionOptions | undefined;
  readonly onConnect: () => void;
}

interface Work {
  readonly listener: KafkaOptions;
  readonly topic: string;
  readonly sasl: SaslOptions;
}

/** Reads and sends all the time until `isEnough`: no record is lost meanwhile. */
async function workUntil(
  t: ExecutionContext,
  { listener, topic, sasl }: Work,
  isEnough: (logins: readonly number[]) => boolean,
): Promise<void> {
  const { logins, socketFactory } = countingLogins();
  const lines: LogLine[] = [];
  const options: KafkaOptions = { ...listener, sasl, socketFactory, connectionTimeout: 10_000 };
  const client = await connectClient(t, options, { lines });
  const collector = new Collector();
  collector.read(openSource(t, client, { budget: new CountingBudget() }), startAt(partitionsOf(topic, 1)));
  const sink = client.sink({ idempotent: true, compression: 'none', retryTimeoutMs: 10_000 });
  const accumulator = sink.accumulator();
  let sent = 0;
  await until(
    async () => {
      appendNumbers(accumulator, topic, 1, 1, sent++);
      await accumulator.flush();
      // On the connection for all that is neither read nor sent.
      await client.describeTopics([topic]);
      return isEnough(logins);
    },
    { deadlineMs: 120_000, everyMs: 10, what: 'enough logins' },
  );
  await collector.untilCount(sent);
  t.deepEqual(collector.values(topic, 0), numbers(sent));
}

/**
 * The three connections to a broker. One that was lost may have been opened again: a machine that is
 * busy for longer than a quarter of a session sends a request after its end.
 */
function wereRenewed(logins: readonly number[]): boolean {
  return logins.filter((count) => count >= LOGINS).length >= 3;
}

for (const [mechanism, ms] of Object.entries(SESSIONS_MS)) {
  testOnSessions(
    `a SASL session of ${ms} ms (${mechanism}) is renewed again and again, on the same connection`,
    async (t, { limited }, topic) => {
      const sasl: SaslOptions = { mechanism, ...USER } as SaslOptions;
      await workUntil(t, { listener: limited, topic, sasl }, wereRenewed);
    },
  );
}

/** A JSON Web Token without a signature. */
function tokenOf(claims: Readonly<Record<string, unknown>>): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode(claims)}.`;
}

function tokenUntil(endMs: number): string {
  return tokenOf({ sub: 'kasper', iat: Date.now() / 1000, exp: endMs / 1000 });
}

function byToken(oauthBearerProvider: () => Promise<{ value: string }>): SaslOptions {
  return { mechanism: 'oauthbearer', oauthBearerProvider };
}

for (const [kind, what] of [
  ['limited', 'sessions are renewed all the same'],
  ['unlimited', 'also where connections.max.reauth.ms is not set'],
] as const) {
  testOnSessions(
    `an OAuth provider may hand out the same token until it expires: ${what}`,
    async (t, { [kind]: listener }, topic) => {
      const ends: number[] = [];
      const provider = () => {
        if (Date.now() >= (ends.at(-1) ?? 0)) ends.push(Date.now() + 4_000);
        return Promise.resolve({ value: tokenUntil(ends.at(-1) ?? 0) });
      };
      await workUntil(
        t,
        { listener, topic, sasl: byToken(provider) },
        (logins) => ends.length >= 4 && wereRenewed(logins),
      );
    },
  );
}

/** What a client meets that logs in with these tokens, within six seconds. */
async function refusal(
  t: ExecutionContext,
  listener: KafkaOptions,
  provider: () => Promise<{ value: string }>,
): Promise<KasperError> {
  const { logger, lines } = keepingLogger();
  const options: KafkaOptions = { ...listener, sasl: byToken(provider), connectionTimeout: 10_000 };
  const client = openClient(options, { logger, retryTimeoutMs: 6_000 });
  t.teardown(() => client.close());
  const error: unknown = await client.connect().catch((thrown: unknown) => thrown);
  if (!KasperError.is(error)) throw new Error(`no refusal: ${String(error)}`);
  const shown = inspect([error, lines], { depth: Infinity, showHidden: true });
  t.false(shown.includes(tokenOf({}).split('.')[0] ?? ''), `no token is shown: ${shown}`);
  return error;
}

testOnSessions('a token that has expired is named as such', async (t, { limited }) => {
  const token = tokenUntil(Date.now() - 90_000);
  const error = await refusal(t, limited, () => Promise.resolve({ value: token }));
  t.true(error instanceof ConnectionError);
  t.regex(
    error.message,
    /Broker 127\.0\.0\.1:\d+ refused the token of oauthBearerProvider \(.*invalid_token.*\): it expired at 20[\d-]+T[\d:.]+Z, \d+ s ago; /,
  );
  t.true(error.retriable, 'the next token may be a new one');
});

testOnSessions('a token that is refused for another reason ends it immediately', async (t, { limited }) => {
  let asked = 0;
  const error = await refusal(t, limited, () => {
    asked += 1;
    return Promise.resolve({ value: tokenOf({ exp: Date.now() / 1000 + 60 }) });
  });
  t.regex(
    error.message,
    /refused the token of oauthBearerProvider .*; check its issuer, audience, scope and signature, and the clocks/,
  );
  t.false(error.retriable);
  t.is(asked, 1);
});

testOnSessions('what is no JSON Web Token is refused with the same advice', async (t, { limited }) => {
  const error = await refusal(t, limited, () => Promise.resolve({ value: 'opaque' }));
  t.regex(error.message, /check its issuer, audience, scope and signature, and whether it has expired/);
});

testOnSessions('a provider that fails for a while is asked again', async (t, { limited }) => {
  let asked = 0;
  const provider = () =>
    ++asked < 3
      ? Promise.reject(new TypeError('fetch failed'))
      : Promise.resolve({ value: tokenUntil(Date.now() + 60_000) });
  const lines: LogLine[] = [];
  const options: KafkaOptions = { ...limited, sasl: byToken(provider), connectionTimeout: 10_000 };
  await connectClient(t, options, { lines });
  t.is(asked, 3);
  t.true(
    lines.some(({ fields }) =>
      /oauthBearerProvider has given no token for broker 127.*: fetch failed/.test(String(fields['error'])),
    ),
  );
});

testOnSessions('a provider that never answers, or answers no token, is named', async (t, { limited }) => {
  const late = await refusal(t, limited, () => new Promise(() => undefined));
  t.true(late instanceof TimeoutError);
  t.regex(late.message, /oauthBearerProvider has given no token for broker 127.* within 4000 ms/);
  const wrong = await refusal(t, limited, () => Promise.resolve({ value: '' }));
  t.regex(
    wrong.message,
    /oauthBearerProvider has given no token .*it must resolve with \{ value: 'the token' \}/,
  );
  t.false(wrong.retriable);
});
