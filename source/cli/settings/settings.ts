import { optionRows, type OptionRow } from '../../index.ts';
import { logFormats, logLevels } from '../../logging/index.ts';

/** What a setting's value is. */
export type SettingKind =
  | 'integer'
  | 'boolean'
  | 'choice'
  | 'text'
  /** Text that is shown nowhere, and is never a flag, since lists of processes would show it. */
  | 'secret'
  /** A path; in a configuration file it starts from that file's folder. */
  | 'file'
  /** `host:port,host:port` */
  | 'addresses'
  /** `0-11,14` */
  | 'partitions'
  /** `0/3` */
  | 'share';

/**
 * One setting of the command line: its key in a configuration file, its environment variable and
 * its flag follow from its name.
 */
export interface Setting {
  /**
   * The key in a configuration file: `batchSize` is `KASPER_BATCH_SIZE` in the environment, and
   * `--batch-size`.
   */
  readonly name: string;
  readonly group: SettingGroup;
  readonly kind: SettingKind;
  readonly unit?: string | undefined;
  /** undefined: see `what`. */
  readonly default?: number | boolean | string | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly choices?: readonly string[] | undefined;
  readonly what: string;
  /** What `--no-…` does, for what is on otherwise. */
  readonly off?: string | undefined;
  /** One letter, for a short flag. */
  readonly short?: string;
  /** The name in the flag's brackets in the help; default: the unit. */
  readonly placeholder?: string;
  /** A value for the sample where there is no default. */
  readonly example?: unknown;
}

/** The groups, with the headings of the help and of the sample. */
export const settingGroups = {
  run: 'Run',
  connection: 'Connection',
  stores: 'Stores',
  options: 'Options of the TopicProcessor, which override those of the job',
} as const;

/** What a setting belongs to. */
export type SettingGroup = keyof typeof settingGroups;

const ownSettings = [
  {
    name: 'partitions',
    group: 'run',
    kind: 'partitions',
    short: 'p',
    placeholder: 'ranges',
    what: 'partitions to read, such as 0-11,14; default: those that the job names, or all',
    example: '0-11',
  },
  {
    name: 'share',
    group: 'run',
    kind: 'share',
    placeholder: 'i/n',
    what: 'read one of n shares of these partitions: 0/3 is the first of three, 2/3 the last; default: all of them',
    example: '0/3',
  },
  {
    name: 'toEnd',
    group: 'run',
    kind: 'boolean',
    default: false,
    what: 'stop at the ends that the topics have when the run starts',
  },
  {
    name: 'workers',
    group: 'run',
    kind: 'integer',
    unit: 'processes',
    placeholder: 'n',
    default: 1,
    minimum: 1,
    maximum: 1000,
    what: 'spread the partitions over this many processes',
  },
  {
    name: 'progress',
    group: 'run',
    kind: 'boolean',
    what: 'show progress: a bar on a terminal, otherwise lines; default: only on a terminal',
    off: 'show no progress, on a terminal either',
    example: true,
  },
  {
    name: 'metricsPort',
    group: 'run',
    kind: 'integer',
    placeholder: 'port',
    minimum: 0,
    maximum: 65_535,
    what: 'serve /metrics, /healthz, /readyz and a dashboard on this port; 0: any free port; default: none',
    example: 9464,
  },
  {
    name: 'metricsHost',
    group: 'run',
    kind: 'text',
    placeholder: 'address',
    default: '127.0.0.1',
    what: 'address on which that port listens; 0.0.0.0 is open to other machines',
  },
  {
    name: 'kasperNames',
    group: 'run',
    kind: 'boolean',
    default: false,
    what: "also serve Kasper's three metrics, for dashboards that use them",
  },
  {
    name: 'logFormat',
    group: 'run',
    kind: 'choice',
    choices: logFormats,
    placeholder: 'format',
    default: 'text',
    what: 'format of log lines',
  },
  {
    name: 'logLevel',
    group: 'run',
    kind: 'choice',
    choices: logLevels,
    placeholder: 'level',
    default: 'info',
    what: 'lowest level of log lines that are written',
  },
  {
    name: 'brokers',
    group: 'connection',
    kind: 'addresses',
    short: 'b',
    placeholder: 'addresses',
    what: 'Kafka brokers, as host:port,host:port; one that answers is enough',
    example: ['localhost:9092'],
  },
  {
    name: 'clientId',
    group: 'connection',
    kind: 'text',
    placeholder: 'id',
    what: "name of this client in the brokers' logs and quotas",
    example: 'kasper',
  },
  { name: 'ssl', group: 'connection', kind: 'boolean', default: false, what: 'connect with TLS' },
  {
    name: 'sslCa',
    group: 'connection',
    kind: 'file',
    placeholder: 'file',
    what: 'trust the certificate authorities in this PEM file (with --ssl)',
    example: 'ca.pem',
  },
  {
    name: 'sslCert',
    group: 'connection',
    kind: 'file',
    placeholder: 'file',
    what: 'present this client certificate, a PEM file (with --ssl and --ssl-key)',
    example: 'client.pem',
  },
  {
    name: 'sslKey',
    group: 'connection',
    kind: 'file',
    placeholder: 'file',
    what: 'private key of that certificate, a PEM file',
    example: 'client.key',
  },
  {
    name: 'saslMechanism',
    group: 'connection',
    kind: 'choice',
    placeholder: 'name',
    choices: ['plain', 'scram-sha-256', 'scram-sha-512'],
    what: 'log in with this SASL mechanism',
    example: 'scram-sha-512',
  },
  {
    name: 'saslUsername',
    group: 'connection',
    kind: 'text',
    placeholder: 'name',
    what: 'log in as this user; the password is read from KASPER_SASL_PASSWORD, or from the configuration file',
    example: 'ann',
  },
  {
    name: 'saslPassword',
    group: 'connection',
    kind: 'secret',
    what: 'the password of that user; there is no flag, since lists of processes would show it',
    example: 'secret',
  },
  {
    name: 'store',
    group: 'stores',
    kind: 'choice',
    placeholder: 'kind',
    choices: ['map', 'redis', 'elasticsearch'],
    what: 'where the stores are, for a job that asks for them; default: map, the memory of the process',
    example: 'redis',
  },
  {
    name: 'storeUrl',
    group: 'stores',
    kind: 'text',
    placeholder: 'url',
    what:
      'redis://localhost:6379 or http://localhost:9200; nodes of a Redis Cluster separated by commas; ' +
      'a URL with a password belongs in KASPER_STORE_URL',
    example: 'redis://localhost:6379',
  },
] as const satisfies readonly Setting[];

const otherOptions: readonly Setting[] = [
  {
    name: 'instanceId',
    group: 'options',
    kind: 'text',
    placeholder: 'id',
    what: 'Names this instance, such as a pod of a stateful set: restarted, it takes its partitions over immediately (default none)',
    example: 'word-count-0',
  },
  {
    name: 'partitioner',
    group: 'options',
    kind: 'choice',
    placeholder: 'choice',
    choices: ['murmur2', 'fnv1a'],
    default: 'murmur2',
    what: "Chooses the partition of a record with a key: as Java clients do, or as Go's sarama and goka do",
  },
];

/** What is done without options that are on by default. */
const off: Readonly<Record<string, string>> = {
  claims:
    'Claims no partition: a second process with the same partition is not noticed, and processes it too',
  idempotent: 'The broker stores what a retry sends a second time',
};

/** Every setting. */
export const settings: readonly Setting[] = [
  ...ownSettings,
  ...(optionRows as readonly OptionRow[]).map(
    ({ name, kind, unit, minimum, maximum, choices, what, default: fallback }): Setting => ({
      name,
      group: 'options',
      kind,
      unit,
      default: fallback,
      minimum,
      maximum,
      choices,
      what: what.replaceAll('`', ''),
      off: off[name],
      ...(kind === 'choice' ? { placeholder: 'choice' } : {}),
      ...(fallback === undefined ? { example: minimum } : {}),
    }),
  ),
  ...otherOptions,
];

/** `batchSize` as a flag: `--batch-size` */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `batchSize` in the environment: `KASPER_BATCH_SIZE` */
export function variableOf(name: string): string {
  return `KASPER_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
