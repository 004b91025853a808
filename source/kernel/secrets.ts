/** What stands where a secret was. */
export const HIDDEN = '***';

/** Ends of names, in small letters and without dashes, of fields whose value is a secret. */
const SECRET_NAME =
  /(?:password|passwd|pwd|passphrase|secret|secretkey|secretaccesskey|privatekey|apikey|token|authorization|credentials?|cookie)$/;

/**
 * Whether a field of this name holds a secret: `password`, `sslPassphrase`, `x-api-key`,
 * `sessionToken`, `Authorization`.
 */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll(/[-_.\s]/g, '').toLowerCase());
}

/** Names beside which a `key` is the private one of TLS, and not that of a record. */
const besideTlsKey = ['cert', 'ca', 'pfx', 'passphrase'] as const;

/** Whether a field of this object holds a secret. */
export function isSecretField(name: string, holder: object): boolean {
  return isSecretName(name) || (name === 'key' && besideTlsKey.some((other) => other in holder));
}

const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/**
 * `scheme://user:password@`; also where the password has characters that it should not have in a
 * URL, unless it could be a port and a path.
 */
const USER_INFO =
  /\b([a-z][a-z\d+.-]{0,20}:\/\/)(?:[^\s/?#"'<>]{0,2000}@|[^\s:/?#@"'<>]{0,500}:(?!\d{1,5}[/?#])[^\s"'<>]{0,2000}@)/gi;

const QUOTED = String.raw`"(?:[^"\\]|\\.)*(?:"|$)|'(?:[^'\\]|\\.)*(?:'|$)`;

/** `password=…` and `"password": "…"`. */
const NAMED = new RegExp(
  String.raw`((?:password|passwd|passphrase|secret|token|api[-_]?key)["']?\s{0,3})(=\s{0,3}(?:${QUOTED}|[^\s,;&"'})\]]+)|:\s{0,3}(?:${QUOTED}))`,
  'gi',
);

/** The header, however it is written. */
const AUTHORIZATION = /\b(authorization["']?\s{0,3}[:=]\s{0,3}["']?)(?:[a-z]{3,20}\s{1,3})?[^\s"',;})\]]+/gi;
/** A scheme of HTTP and what looks like its secret, not like a word. */
const SCHEME = /\b((?:basic|bearer|apikey)\s{1,3})(?=[^\s"',]{0,200}[\d=])[\w+/.~=-]{8,}/gi;

/**
 * Text as it may be shown: without the user and the password of URLs, what stands behind
 * `password=` and the like, the values of Authorization headers, and private keys.
 */
export function hideSecrets(text: string): string {
  let shown = text;
  if (shown.includes('PRIVATE KEY-----')) shown = shown.replaceAll(PRIVATE_KEY, HIDDEN);
  if (shown.includes('://') && shown.includes('@')) shown = shown.replaceAll(USER_INFO, `$1${HIDDEN}@`);
  return shown
    .replaceAll(AUTHORIZATION, `$1${HIDDEN}`)
    .replaceAll(SCHEME, `$1${HIDDEN}`)
    .replaceAll(
      NAMED,
      (_all, name: string, value: string) => `${name}${value.startsWith('=') ? '=' : ': '}${HIDDEN}`,
    );
}
