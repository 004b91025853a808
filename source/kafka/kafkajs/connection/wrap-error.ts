import { ErrorCodes } from '../../wire/error-codes.ts';
import { asError } from '../../../kernel/as-error.ts';
import { ConfigError, ConnectionError, KasperError, TimeoutError } from '../../../kernel/errors.ts';
import { messageOf, nameOf } from '../../../kernel/thrown-text.ts';

/** Node's codes for certificates and TLS versions that do not fit: no retry helps. */
const TLS_CODES = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'EPROTO',
]);

/**
 * What to look at where a connection could not be opened, by Node's code; retries may help with
 * each of these.
 */
const CONNECT_REMEDIES: Readonly<Partial<Record<string, string>>> = {
  ECONNREFUSED: 'nothing listens there: check the address, and that the broker runs',
  ENOTFOUND: "the name of this host is not known: check it, and the broker's advertised.listeners",
  EAI_AGAIN: 'the name of this host could not be looked up: check it, and DNS',
  EHOSTUNREACH: 'there is no way to this host: check the address, the network and firewalls',
  ENETUNREACH: 'there is no way to this network: check the address and the network',
  ETIMEDOUT: 'the host did not answer: check the address, the network and firewalls',
};

/** What to look at where a connection failed with this code of Node's. */
export function connectRemedyOf(code: string): string | undefined {
  return CONNECT_REMEDIES[code];
}

/** SASL mechanism unknown to the broker, handshake in a wrong state, refused. */
const SASL_BROKER_CODES = new Set<number>([
  ErrorCodes.UNSUPPORTED_SASL_MECHANISM,
  ErrorCodes.ILLEGAL_SASL_STATE,
  ErrorCodes.SASL_AUTHENTICATION_FAILED,
]);

/**
 * kafkajs calls everything that ends a SASL exchange a refusal; these are the words of its errors
 * for a lost connection or a late answer.
 */
const SASL_INTERRUPTED =
  /failed: (Closed connection|Connection (closed|error|timeout)|Not connected|Request \w+\(.*\) timed out)/;

/**
 * Turns what kafkajs or a socket threw into our error, once; a KasperError stays as it is.
 *
 * @param where the broker and what was asked of it, as `broker 127.0.0.1:9092 (Metadata)`
 */
export function wrapError(thrown: unknown, where: string): KasperError {
  if (KasperError.is(thrown)) return thrown;
  const cause = asError(thrown);
  const name = nameOf(cause);
  const message = messageOf(cause);
  const code = 'code' in cause ? cause.code : undefined;
  const detail = `${where}: ${message}`;
  if (name === 'KafkaJSSASLAuthenticationError' && SASL_INTERRUPTED.test(message)) {
    return new ConnectionError(`${detail}; the connection failed before the broker had judged the login`, {
      cause,
      retriable: true,
    });
  }
  if (name === 'KafkaJSSASLAuthenticationError' || SASL_BROKER_CODES.has(Number(code))) {
    return new ConnectionError(`${detail}; check mechanism, username and password in the sasl option`, {
      cause,
      retriable: false,
    });
  }
  if (typeof code === 'string' && TLS_CODES.has(code)) {
    return new ConnectionError(
      `${detail} (${code}); check the ssl option: the certificate authority (ca), the host name, and whether this port speaks TLS`,
      { cause, retriable: false },
    );
  }
  // What Node says, with the code of any lost connection, when the other side does not speak TLS.
  if (message.includes('before secure TLS connection'))
    return new ConnectionError(`${detail}; check that this port speaks TLS, or leave the ssl option out`, {
      cause,
      retriable: true,
    });
  if (name === 'KafkaJSServerDoesNotSupportApiKey') {
    return new ConnectionError(`${detail}; if the sasl option is given, check that this port asks for SASL`, {
      cause,
      retriable: false,
    });
  }
  if (name === 'KafkaJSRequestTimeoutError' || name === 'KafkaJSLockTimeout')
    return new TimeoutError(detail, { cause, retriable: true });
  if (name === 'KafkaJSNonRetriableError' && message.startsWith('Failed to connect: broker'))
    return new ConfigError([message], { cause, what: 'Kafka client' });
  if (name === 'KafkaJSConnectionClosedError') {
    return new ConnectionError(
      `${detail}; if it happens immediately, check that the port and the ssl and sasl options belong together`,
      { cause, retriable: true },
    );
  }
  const remedy = CONNECT_REMEDIES[message === 'Connection timeout' ? 'ETIMEDOUT' : String(code)];
  return new ConnectionError(remedy === undefined ? detail : `${detail}; ${remedy}`, {
    cause,
    retriable: isRetriable(cause),
  });
}

/** kafkajs says so on its errors; errors of sockets can always be tried again. */
function isRetriable(error: Error): boolean {
  if ('retriable' in error) return error.retriable === true;
  return 'syscall' in error;
}
