import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ConfigError, type ClientInit, type KafkaOptions } from '../index.ts';
import type { Io } from './io.ts';

/** The flags that say where Kafka is and who we are. */
export interface ConnectionFlags {
  readonly brokers?: string[];
  readonly clientId?: string;
  readonly ssl?: boolean;
  readonly sslCa?: string;
  readonly saslMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly saslUsername?: string;
}

/** A flag would show the password to everybody who lists processes. */
const PASSWORD = 'KASPER_SASL_PASSWORD';

export function addConnectionFlags(command: Command): void {
  command
    .addOption(
      new Option(
        '-b, --brokers <addresses>',
        'Kafka, as host:port,host:port; one that answers is enough',
      ).argParser(parseBrokers),
    )
    .option('--client-id <id>', "shown in the brokers' logs and quotas")
    .option('--ssl', 'connect by TLS')
    .option('--ssl-ca <file>', 'trust the authorities in this PEM file (with --ssl)')
    .addOption(
      new Option('--sasl-mechanism <name>', 'log in by SASL').choices([
        'plain',
        'scram-sha-256',
        'scram-sha-512',
      ]),
    )
    .option('--sasl-username <name>', `log in as this user; the password is read from ${PASSWORD}`);
}

/**
 * The client for a job: the flags, over what the job file says.
 *
 * @throws ConfigError that lists all that is missing or does not fit
 */
export function clientOf(
  jobClient: ClientInit | undefined,
  flags: ConnectionFlags,
  io: Pick<Io, 'env' | 'cwd'>,
): ClientInit {
  const problems: string[] = [];
  const given = givenOptions(flags, io, problems);
  const isGiven = Object.keys(given).length > 0;
  if (jobClient !== undefined && !('brokers' in jobClient)) {
    if (isGiven) {
      problems.push(
        `the job brings its own client, which --${Object.keys(given).join(', --')} cannot change: ` +
          'leave the flags out, or let the job give options such as { brokers: [...] }, or no client',
      );
    }
    if (problems.length === 0) return jobClient;
  }
  const options = { ...jobClient, ...given };
  if (jobClient === undefined && flags.brokers === undefined) {
    problems.push(
      "no Kafka is named: give --brokers host:9092, or `client: { brokers: ['host:9092'] }` in the job",
    );
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Connection' });
  return options as KafkaOptions;
}

function givenOptions(
  flags: ConnectionFlags,
  { env, cwd }: Pick<Io, 'env' | 'cwd'>,
  problems: string[],
): Partial<KafkaOptions> {
  const { brokers, clientId, ssl, sslCa, saslMechanism, saslUsername } = flags;
  if (sslCa !== undefined && ssl !== true) problems.push('--ssl-ca needs --ssl');
  const tls = sslCa === undefined ? ssl : { ca: readAuthorities(resolve(cwd, sslCa), problems) };
  const sasl = saslOf(saslMechanism, saslUsername, env[PASSWORD], problems);
  return {
    ...(brokers === undefined ? {} : { brokers }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function saslOf(
  mechanism: ConnectionFlags['saslMechanism'],
  username: string | undefined,
  password: string | undefined,
  problems: string[],
): KafkaOptions['sasl'] {
  if (mechanism === undefined && username === undefined) return undefined;
  if (mechanism === undefined) problems.push('--sasl-username needs --sasl-mechanism');
  if (username === undefined) problems.push('--sasl-mechanism needs --sasl-username');
  if (password === undefined || password === '')
    problems.push(`the SASL password is missing: put it into the environment variable ${PASSWORD}`);
  if (mechanism === undefined || username === undefined || password === undefined) return undefined;
  return { mechanism, username, password };
}

function readAuthorities(path: string, problems: string[]): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`--ssl-ca: ${error instanceof Error ? error.message : String(error)}`);
    return '';
  }
}

/** `host:port,host:port` */
export function parseBrokers(text: string): string[] {
  const addresses = text.split(',').map((address) => address.trim());
  for (const address of addresses) {
    const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^\s:[\]/]+):(\d{1,5})$/.exec(address)?.[1]);
    if (!(port >= 1 && port <= 65_535))
      throw new InvalidArgumentError(`'${address}' is not an address such as localhost:9092.`);
  }
  return addresses;
}
