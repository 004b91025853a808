import { sleep } from '../../../kernel/clock.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { ConnectionError, TimeoutError } from '../../../kernel/errors.ts';
import { isObject } from '../../../kernel/is-object.ts';
import { hideSecrets } from '../../../kernel/secrets.ts';
import { messageOf } from '../../../kernel/thrown-text.ts';
import { ErrorCodes } from '../../wire/error-codes.ts';
import type { KafkajsConnection, KafkajsSaslArgs, KafkajsSaslMessage } from '../capture/internals.ts';

export interface OAuthLoginOptions {
  readonly clock: Clock;
  /** For how long `oauthBearerProvider` may take. */
  readonly tokenMs: number;
}

interface Token {
  readonly value: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

const SEPARATOR = '\u0001';
const SIZE_BYTES = 4;

/**
 * Has this connection log in with OAUTHBEARER as RFC 7628 says. kafkajs takes the answer in which a
 * broker refuses the token for a success, so that the next request meets a closed connection, with
 * nothing said of the token; and what a provider throws would end the run, although the next token
 * may be there in a second.
 *
 * Does nothing where there is no `oauthBearerProvider`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7628#section-3.2.3
 */
export function logInByToken(connection: KafkajsConnection, options: OAuthLoginOptions): void {
  const { sasl } = connection;
  if (!isObject(sasl) || typeof sasl['oauthBearerProvider'] !== 'function') return;
  if (String(sasl['mechanism']).toLowerCase() !== 'oauthbearer') return;
  const provider = sasl['oauthBearerProvider'] as () => unknown;
  const identity = sasl['authorizationIdentity'];
  connection.sasl = {
    ...sasl,
    authenticationProvider: ({ host, port, saslAuthenticate }: KafkajsSaslArgs) => ({
      async authenticate() {
        const broker = `${host}:${port}`;
        const token = await askForToken(provider, broker, options);
        const send = (text: string) => saslAuthenticate(message(text));
        const refusal = await refusalOf(firstMessage(token, identity), send);
        if (refusal !== undefined) throw refused(broker, token, refusal, options.clock.wallNow());
      },
    }),
  };
}

async function askForToken(
  provider: () => unknown,
  broker: string,
  { clock, tokenMs }: OAuthLoginOptions,
): Promise<Token> {
  const done = new AbortController();
  try {
    const late = sleep(clock, tokenMs, done.signal).then(() => {
      throw new TimeoutError(
        `oauthBearerProvider has given no token for broker ${broker} within ${tokenMs} ms`,
        { retriable: true },
      );
    });
    const token = await Promise.race([Promise.resolve().then(provider), late]);
    if (isObject(token) && typeof token['value'] === 'string' && token['value'] !== '')
      return token as unknown as Token;
  } catch (cause) {
    if (cause instanceof TimeoutError) throw cause;
    throw new ConnectionError(
      `oauthBearerProvider has given no token for broker ${broker}: ${hideSecrets(messageOf(cause))}`,
      { cause, retriable: true },
    );
  } finally {
    done.abort();
  }
  throw new ConnectionError(
    `oauthBearerProvider has given no token for broker ${broker}: it must resolve with { value: 'the token' }`,
    { retriable: false },
  );
}

interface Refusal {
  /** What the broker says, as `{"status":"invalid_token"}`. */
  readonly said: string;
  readonly cause: unknown;
}

/** Undefined: the broker has let the connection in. */
async function refusalOf(
  first: string,
  send: (text: string) => Promise<string>,
): Promise<Refusal | undefined> {
  let said = '';
  try {
    said = await send(first);
    if (said === '') return undefined;
    // The broker waits for this before it ends the exchange, with an error of its own.
    await send(SEPARATOR);
    return { said, cause: undefined };
  } catch (cause) {
    const code = isObject(cause) ? cause['code'] : undefined;
    if (code !== ErrorCodes.SASL_AUTHENTICATION_FAILED) throw cause;
    return { said: said === '' ? messageOf(cause) : said, cause };
  }
}

function refused(broker: string, token: Token, { said, cause }: Refusal, nowMs: number): ConnectionError {
  const endMs = endOf(token.value);
  const end = endMs === undefined ? '' : new Date(endMs).toISOString();
  const what = `Broker ${broker} refused the token of oauthBearerProvider (${hideSecrets(said)})`;
  if (endMs !== undefined && endMs <= nowMs) {
    const ago = Math.round((nowMs - endMs) / 1000);
    // The provider is asked again at each attempt.
    return new ConnectionError(
      `${what}: it expired at ${end}, ${ago} s ago; a provider that keeps tokens must get a new one before the end of the former`,
      { cause, retriable: true },
    );
  }
  const time = endMs === undefined ? 'whether it has expired' : `the clocks, since it expires at ${end}`;
  return new ConnectionError(`${what}; check its issuer, audience, scope and signature, and ${time}`, {
    cause,
    retriable: false,
  });
}

/** When a JSON Web Token expires, in milliseconds; undefined for any other token. */
function endOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const seconds = isObject(claims) ? Number(claims['exp']) : Number.NaN;
    // What a Date can hold.
    return Math.abs(seconds) < 8.64e12 ? seconds * 1000 : undefined;
  } catch {
    // The text of a token is the issuer's own affair: it need not be JSON.
    return undefined;
  }
}

/** The client's first message: whom it speaks for, the token, and what else the token brings. */
function firstMessage({ value, extensions = {} }: Token, identity: unknown): string {
  const acts = typeof identity === 'string' ? `a=${identity}` : '';
  const more = Object.entries(extensions).map(([name, text]) => `${SEPARATOR}${name}=${String(text)}`);
  return `n,${acts},${SEPARATOR}auth=Bearer ${value}${more.join('')}${SEPARATOR}${SEPARATOR}`;
}

/** A message in the form that kafkajs sends, and its answer as text. */
function message(text: string): KafkajsSaslMessage {
  const bytes = Buffer.from(text);
  const framed = Buffer.alloc(SIZE_BYTES + bytes.length);
  framed.writeInt32BE(bytes.length, 0);
  bytes.copy(framed, SIZE_BYTES);
  return {
    request: { encode: () => framed },
    response: {
      decode: (answer) => answer.subarray(SIZE_BYTES).toString(),
      parse: (answer) => answer,
    },
  };
}
