import { ConfigError } from '../../kernel/errors.ts';
import { unknownName } from '../../kernel/unknown-name.ts';
import { readAddresses } from './capture/seed-addresses.ts';
import type { KafkaOptions } from './kafka-options.ts';

/** Each option of {@link KafkaOptions}. */
const NAMES: Readonly<Record<keyof KafkaOptions, true>> = {
  brokers: true,
  clientId: true,
  ssl: true,
  sasl: true,
  connectionTimeout: true,
  authenticationTimeout: true,
  reauthenticationThreshold: true,
  requestTimeout: true,
  socketFactory: true,
};

/** Options of kafkajs that would change nothing here, and what to do instead. */
const WITHOUT_EFFECT: Readonly<Partial<Record<string, string>>> = {
  retry: 'set retryTimeoutMs and firstConnectTimeoutMs of the processor',
  enforceRequestTimeout: 'each request has a time limit of its own',
  logLevel: 'the level is that of the logger of the processor',
  logCreator: 'lines of kafkajs go to the logger of the processor; or give a Kafka instance',
};

/** @throws ConfigError for options that do not exist, and for addresses that are none */
export function checkKafkaOptions(options: KafkaOptions): void {
  const problems = Object.keys(options)
    .filter((name) => !Object.hasOwn(NAMES, name))
    .map((name) => {
      const remedy = WITHOUT_EFFECT[name];
      return remedy === undefined
        ? unknownName('option', name, Object.keys(NAMES))
        : `${name} of kafkajs has no effect here: ${remedy}`;
    });
  if (typeof options.brokers !== 'function') problems.push(...readAddresses(options.brokers).problems);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Kafka client' });
}
