import test from 'ava';
import { hideSecrets, isSecretField, isSecretName } from '../../source/kernel/secrets.ts';
import { threadCpuMs } from '../_helpers/thread-cpu.ts';

const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nxyz==\n-----END RSA PRIVATE KEY-----';

const hidden: readonly (readonly [text: string, shown: string])[] = [
  ['redis://:pa55@host:6379/0 failed', 'redis://***@host:6379/0 failed'],
  ['redis://ann:pa55@host:6379,redis://ann:pa55@other:6379', 'redis://***@host:6379,redis://***@other:6379'],
  ['https://token@host/path', 'https://***@host/path'],
  ['rediss://ann:p@55@host', 'rediss://***@host'],
  ['redis://:pa/5?5#x@host:1', 'redis://***@host:1'],
  ['redis://ann:1234@host', 'redis://***@host'],
  ['{"url":"http://elastic:pa55@host:9200/"}', '{"url":"http://***@host:9200/"}'],
  ['authorization: Basic ZWxhc3RpYzpwYTU1', 'authorization: ***'],
  ["headers: { Authorization: 'Bearer abc.def' }", "headers: { Authorization: '***' }"],
  ['sent Basic ZWxhc3RpYzpwYTU1 and Bearer eyJhbGciOi.J9', 'sent Basic *** and Bearer ***'],
  [
    'sasl.jaas.config=Login username="ann" password="pa 55";',
    'sasl.jaas.config=Login username="ann" password=***;',
  ],
  ['KASPER_SASL_PASSWORD=pa55 kasper run', 'KASPER_SASL_PASSWORD=*** kasper run'],
  ['?user=ann&api_key=pa55&x=1', '?user=ann&api_key=***&x=1'],
  [String.raw`{"password":"pa\"55","user":"ann"}`, '{"password": ***,"user":"ann"}'],
  ["{ passphrase: 'pa55', ca: 1 }", '{ passphrase: ***, ca: 1 }'],
  ['password="cut off in the middle', 'password=***'],
  [`key: ${key}, cert`, 'key: ***, cert'],
  [key.slice(0, 50), '***'],
];

test('text loses the user of URLs, what stands behind password= and the like, Authorization headers and private keys', (t) => {
  for (const [text, shown] of hidden) {
    t.is(hideSecrets(text), shown);
    t.is(hideSecrets(shown), shown, 'once is enough');
  }
});

test('text without secrets stays as it is', (t) => {
  for (const text of [
    'the SASL password is missing: put it into the environment variable KASPER_SASL_PASSWORD',
    'authentication failed; check mechanism, username and password in the sasl option',
    'http://host:9200/path?mail=ann@example.com',
    'orders/0@17 at https://host/a and mail to ann@example.com',
    'Basic authentication is off; the token was read, key=17',
    'SASL PLAIN authentication failed: Authentication failed: Invalid username or password',
    '-----BEGIN CERTIFICATE-----',
    '',
  ])
    t.is(hideSecrets(text), text);
});

test('long text takes no longer than its length deserves', (t) => {
  // CPU time: on a busy machine the clock says nothing of the length.
  const began = threadCpuMs();
  for (const piece of [
    'a.',
    'a://',
    'a://b@',
    'a:',
    'password',
    'token= ',
    'basic ',
    '"',
    '-----BEGIN PRIVATE KEY-----',
  ])
    hideSecrets(`${piece.repeat(100_000 / piece.length)}://@`);
  const usedMs = threadCpuMs() - began;
  t.true(usedMs < 2_000, `${usedMs} ms`);
});

test('a field is a secret by its name, and a key only where it is that of TLS', (t) => {
  for (const name of [
    'password',
    'saslPassword',
    'Authorization',
    'x-api-key',
    'client_secret',
    'sessionToken',
    'secretAccessKey',
  ])
    t.true(isSecretName(name), name);
  for (const name of [
    'key',
    'keys',
    'tokens',
    'username',
    'keyPrefix',
    'authorizationIdentity',
    'accessKeyId',
  ])
    t.false(isSecretName(name), name);
  t.true(isSecretField('key', { key: '', ca: '' }));
  t.false(isSecretField('key', { key: 'order-17', offset: 3 }));
});
