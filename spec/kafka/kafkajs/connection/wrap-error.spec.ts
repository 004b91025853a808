import test from 'ava';
import { wrapError } from '../../../../source/kafka/kafkajs/connection/wrap-error.ts';
import { asError } from '../../../../source/kernel/as-error.ts';
import { ConfigError, LifecycleError } from '../../../../source/kernel/errors.ts';

function thrown(fields: {
  name?: string;
  message?: string;
  code?: string | number;
  retriable?: boolean;
}): Error {
  return Object.assign(new Error(fields.message ?? 'boom'), fields);
}

for (const [what, error, code, retriable, says] of [
  [
    'a refused password',
    thrown({ name: 'KafkaJSSASLAuthenticationError', retriable: true }),
    'CONNECTION',
    false,
    /username and password/,
  ],
  [
    'a connection that was closed in the middle of a login',
    thrown({
      name: 'KafkaJSSASLAuthenticationError',
      message: 'SASL PLAIN authentication failed: Closed connection',
      retriable: false,
    }),
    'CONNECTION',
    true,
    /before the broker had judged the login/,
  ],
  [
    'a login that was not answered in time',
    thrown({
      name: 'KafkaJSSASLAuthenticationError',
      message:
        'SASL SCRAM SHA256 authentication failed: Request SaslAuthenticate(key: 36, version: 1) timed out',
      retriable: false,
    }),
    'CONNECTION',
    true,
    /before the broker had judged the login/,
  ],
  [
    'a broker that wants no SASL',
    thrown({ name: 'KafkaJSProtocolError', code: 34, retriable: true }),
    'CONNECTION',
    false,
    /sasl option/,
  ],
  [
    'a broker that knows no SASL',
    thrown({ name: 'KafkaJSServerDoesNotSupportApiKey', retriable: false }),
    'CONNECTION',
    false,
    /asks for SASL/,
  ],
  [
    'a certificate that is not trusted',
    thrown({ name: 'KafkaJSConnectionError', code: 'DEPTH_ZERO_SELF_SIGNED_CERT', retriable: true }),
    'CONNECTION',
    false,
    /\(ca\).*host name/,
  ],
  [
    'TLS on a port without it',
    thrown({
      message: 'Client network socket disconnected before secure TLS connection was established',
      code: 'ECONNRESET',
      retriable: true,
    }),
    'CONNECTION',
    true,
    /leave the ssl option out/,
  ],
  [
    'a refused connection',
    thrown({ name: 'KafkaJSConnectionError', code: 'ECONNREFUSED', retriable: true }),
    'CONNECTION',
    true,
    /boom; nothing listens there/,
  ],
  [
    'a host name that nobody knows',
    thrown({ name: 'KafkaJSConnectionError', code: 'ENOTFOUND', retriable: true }),
    'CONNECTION',
    true,
    /advertised\.listeners/,
  ],
  [
    'a host that does not answer',
    thrown({ name: 'KafkaJSConnectionError', message: 'Connection timeout', retriable: true }),
    'CONNECTION',
    true,
    /firewalls/,
  ],
  [
    'a closed connection',
    thrown({ name: 'KafkaJSConnectionClosedError', retriable: true }),
    'CONNECTION',
    true,
    /ssl and sasl options/,
  ],
  [
    'a missed deadline of kafkajs',
    thrown({ name: 'KafkaJSRequestTimeoutError', retriable: true }),
    'TIMEOUT',
    true,
    /boom/,
  ],
  [
    'a list of brokers without brokers',
    thrown({
      name: 'KafkaJSNonRetriableError',
      message: 'Failed to connect: brokers array is empty',
      retriable: false,
    }),
    'CONFIG',
    false,
    /array is empty/,
  ],
  ['an error that nobody expects', thrown({}), 'CONNECTION', false, /boom/],
] as const) {
  test(`${what} is reported as ${code}, ${retriable ? 'for another try' : 'final'}`, (t) => {
    const wrapped = wrapError(error, 'Broker kafka:9092 (to connect)');
    t.is(wrapped.code, code);
    t.is(wrapped.retriable, retriable);
    t.regex(wrapped.message, says);
    t.is(wrapped.cause, error);
    if (!(wrapped instanceof ConfigError))
      t.true(wrapped.message.startsWith('Broker kafka:9092 (to connect): '));
  });
}

test('an error of ours stays the very same', (t) => {
  const error = new LifecycleError('closed');
  t.is(wrapError(error, 'anywhere'), error);
});

test('something thrown that is no Error becomes one', (t) => {
  t.is(asError('text').message, 'text');
  t.is(wrapError('text', 'here').message, 'here: text');
});
