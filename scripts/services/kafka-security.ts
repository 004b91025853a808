import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KafkaNodePlace } from './kafka-properties.ts';
import { run } from './programs.ts';

/** The listeners that a secured node has beside the open one, each named after its protocol. */
export const securedListeners = ['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;

export type SecuredListener = (typeof securedListeners)[number];

const scramMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** Who may log in, by each of the mechanisms: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

/** The secured listeners of a cluster. */
export interface KafkaSecurity {
  /** Addresses, host:port, one for each node. */
  readonly brokers: Readonly<Record<SecuredListener, readonly string[]>>;
  /** The certificate of all nodes, which is its own authority (PEM). */
  readonly certificate: string;
}

/** A new certificate for 127.0.0.1 and localhost. */
export interface Certificate {
  readonly certificate: string;
  /** Private key and certificate in one file, as Kafka wants them. */
  readonly keystoreFile: string;
}

/** Makes a self-signed certificate, which is valid for a day. */
export async function makeCertificate(openssl: string, folder: string): Promise<Certificate> {
  const keyFile = join(folder, 'key.pem');
  const certificateFile = join(folder, 'certificate.pem');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const files = ['-keyout', keyFile, '-out', certificateFile, '-days', '1'];
  await run(openssl, [...request, ...subject, ...files], { timeoutMs: 30_000 });
  const certificate = await readFile(certificateFile, 'utf8');
  const keystoreFile = join(folder, 'keystore.pem');
  await writeFile(keystoreFile, (await readFile(keyFile, 'utf8')) + certificate, { mode: 0o600 });
  return { certificate, keystoreFile };
}

/**
 * The lines of server.properties that open the secured listeners; brokers talk to each other over
 * the open one.
 */
export function securityProperties(
  node: KafkaNodePlace,
  ports: Readonly<Record<SecuredListener, number>>,
  keystoreFile: string,
  users: readonly KafkaUser[],
): Record<string, string> {
  const open = `PLAINTEXT://${node.host}:${node.brokerPort}`;
  const secured = securedListeners.map((name) => `${name}://127.0.0.1:${ports[name]}`).join(',');
  const logins = users.map(({ username, password }) => ` user_${username}="${password}"`).join('');
  const properties: Record<string, string> = {
    listeners: `${open},${secured},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `${open},${secured}`,
    'listener.security.protocol.map': ['PLAINTEXT', ...securedListeners]
      .map((name) => `${name}:${name}`)
      .concat('CONTROLLER:PLAINTEXT')
      .join(','),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystoreFile,
    'sasl.enabled.mechanisms': ['PLAIN', ...scramMechanisms].join(','),
  };
  for (const listener of ['sasl_plaintext', 'sasl_ssl']) {
    const prefix = `listener.name.${listener}`;
    properties[`${prefix}.plain.sasl.jaas.config`] =
      `org.apache.kafka.common.security.plain.PlainLoginModule required${logins};`;
    for (const mechanism of scramMechanisms)
      properties[`${prefix}.${mechanism.toLowerCase()}.sasl.jaas.config`] =
        'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  }
  return properties;
}

/**
 * The arguments of Kafka's StorageTool that let these users in by SCRAM: a broker keeps them in its
 * metadata.
 */
export function scramArguments(users: readonly KafkaUser[]): string[] {
  return users.flatMap(({ username, password }) =>
    scramMechanisms.flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
}
