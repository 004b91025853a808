import { resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { ConfigError, type ClientInit, type KafkaOptions } from '../../index.ts';
import type { Io } from '../terminal/io.ts';
import { addSettingFlags } from './setting-flags.ts';
import { parseAddress } from '../../kernel/address.ts';
import { flagOf, variableOf } from './settings.ts';
import { messageOf } from '../../kernel/thrown-text.ts';
import { readTextFile } from './text-file.ts';

/** The settings of the connection to Kafka and of the login, of all layers. */
export interface ConnectionFlags {
  readonly brokers?: string[];
  readonly clientId?: string;
  readonly ssl?: boolean;
  readonly sslCa?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly saslMechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly saslUsername?: string;
  readonly saslPassword?: string;
}

/** Where connection settings are read. */
export interface ConnectionPlace extends Pick<Io, 'env' | 'cwd'> {
  /**
   * The name of the place that a setting was given in, for messages; default: its flag, for a
   * command without a job.
   */
  readonly placeOf?: (name: string) => string;
}

/** A reading of the settings, and what is wrong with them. */
interface Reading extends Required<ConnectionPlace> {
  readonly problems: string[];
}

const PASSWORD = variableOf('saslPassword');

/**
 * Adds the flags of a command that connects to Kafka; configuration file and environment give the
 * same settings.
 */
export function addConnectionFlags(command: Command): void {
  addSettingFlags(command, 'connection');
}

/**
 * The client for a job: the settings override the options in the job file.
 *
 * @throws ConfigError that lists all that is missing or does not fit
 */
export function clientOf(
  jobClient: ClientInit | undefined,
  flags: ConnectionFlags,
  { env, cwd, placeOf }: ConnectionPlace,
): ClientInit {
  const place = placeOf ?? flagOf;
  const problems: string[] = [];
  const given = givenOptions(flags, { env, cwd, placeOf: place, problems });
  const settings = ['brokers', 'clientId', 'ssl', 'sslCa', 'saslMechanism'] as const;
  const isGiven = settings.filter((name) => flags[name] !== undefined);
  if (jobClient !== undefined && !('brokers' in jobClient)) {
    if (isGiven.length > 0) {
      problems.push(
        `the job has its own client, which ${isGiven.map(place).join(', ')} cannot change: ` +
          'remove that, or let the job give options such as { brokers: [...] }, or no client',
      );
    }
    if (problems.length === 0) return jobClient;
  }
  const options = { ...jobClient, ...given };
  if (jobClient === undefined && flags.brokers === undefined) {
    const inJob = placeOf === undefined ? '' : ", or `client: { brokers: ['host:9092'] }` in the job";
    problems.push(
      `no Kafka is named: give --brokers host:9092, ${variableOf('brokers')}, or brokers in kasper.config.json${inJob}`,
    );
  }
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Connection' });
  return options as KafkaOptions;
}

function givenOptions(flags: ConnectionFlags, reading: Reading): Partial<KafkaOptions> {
  const { brokers, clientId } = flags;
  const ssl = tlsOf(flags, reading);
  const sasl = saslOf(flags, reading);
  return {
    ...(brokers === undefined ? {} : { brokers }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function tlsOf({ ssl, sslCa, sslCert, sslKey }: ConnectionFlags, reading: Reading): KafkaOptions['ssl'] {
  const { placeOf, problems } = reading;
  // Where a later layer turns TLS off, the files of an earlier one do not matter.
  if (ssl === false) return false;
  const files = { sslCa, sslCert, sslKey };
  const given = Object.entries(files).filter(([, file]) => file !== undefined);
  if (given.length === 0) return ssl;
  if (ssl === undefined) for (const [name] of given) problems.push(`${placeOf(name)} needs --ssl`);
  if (sslCert !== undefined && sslKey === undefined) problems.push(`${placeOf('sslCert')} needs --ssl-key`);
  if (sslKey !== undefined && sslCert === undefined) problems.push(`${placeOf('sslKey')} needs --ssl-cert`);
  const read = (name: keyof typeof files) => readPem(name, files[name], reading);
  return {
    ...named('ca', read('sslCa')),
    ...named('cert', read('sslCert')),
    ...named('key', read('sslKey')),
  };
}

function named(name: 'ca' | 'cert' | 'key', value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

function saslOf(
  { saslMechanism: mechanism, saslUsername: username, saslPassword }: ConnectionFlags,
  { env, placeOf, problems }: Reading,
): KafkaOptions['sasl'] {
  const password = saslPassword ?? env[PASSWORD];
  if (mechanism === undefined && username === undefined) return undefined;
  if (mechanism === undefined) problems.push(`${placeOf('saslUsername')} needs --sasl-mechanism`);
  if (username === undefined) problems.push(`${placeOf('saslMechanism')} needs --sasl-username`);
  if (password === undefined || password === '')
    problems.push(`the SASL password is missing: put it into the environment variable ${PASSWORD}`);
  if (mechanism === undefined || username === undefined || password === undefined) return undefined;
  return { mechanism, username, password };
}

function readPem(
  name: string,
  file: string | undefined,
  { cwd, placeOf, problems }: Reading,
): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readTextFile(resolve(cwd, file));
  } catch (error) {
    problems.push(`${placeOf(name)}: ${messageOf(error)}`);
    return undefined;
  }
}

/** `host:port,host:port` */
export function parseBrokers(text: string): string[] {
  const addresses = text.split(',').map((address) => address.trim());
  for (const address of addresses) {
    if (parseAddress(address) === undefined)
      throw new InvalidArgumentError(`'${address}' is not an address such as localhost:9092.`);
  }
  return addresses;
}
