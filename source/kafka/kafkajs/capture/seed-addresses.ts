import { parseAddress, type Address } from '../../../kernel/address.ts';
import { ConfigError, ConnectionError, type KasperError } from '../../../kernel/errors.ts';
import { hideSecrets } from '../../../kernel/secrets.ts';
import { messageOf } from '../../../kernel/thrown-text.ts';
import type { KafkaOptions } from '../kafka-options.ts';

/** An address of the user's list. */
export interface SeedAddress extends Address {
  /** Why it could not be used; undefined: nothing is known yet. */
  readonly error: KasperError | undefined;
  /** With TLS, without, or by sockets of the user's making: then nobody else can look. */
  readonly sockets: 'tls' | 'plain' | 'own';
}

/** The addresses of the option `brokers`, one after the other, again and again. */
export class SeedAddresses {
  readonly #brokers: KafkaOptions['brokers'];
  #next = 0;
  /** Those that were given last; none before a function has been asked. */
  known: readonly Address[] = [];

  /** @throws ConfigError for a list with what is no address */
  constructor(brokers: KafkaOptions['brokers']) {
    this.#brokers = brokers;
    if (typeof brokers !== 'function') this.known = addressesOf(brokers);
  }

  /** @throws ConfigError for what is no address, ConnectionError for a function that fails */
  async next(): Promise<Address> {
    if (typeof this.#brokers === 'function') this.known = addressesOf(await given(this.#brokers));
    const address = this.known[this.#next++ % this.known.length];
    if (address === undefined) throw new TypeError('A checked list of addresses was empty');
    return address;
  }
}

async function given(brokers: () => string[] | Promise<string[]>): Promise<unknown> {
  try {
    return await brokers();
  } catch (cause) {
    throw new ConnectionError(`brokers, which is a function, failed: ${messageOf(cause)}`, {
      cause,
      retriable: true,
    });
  }
}

function addressesOf(brokers: unknown): Address[] {
  const { addresses, problems } = readAddresses(brokers);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'Kafka client' });
  return addresses;
}

/** The addresses of a list, and what is wrong with it. */
export function readAddresses(brokers: unknown): { addresses: Address[]; problems: string[] } {
  if (!Array.isArray(brokers) || brokers.length === 0) {
    const problem = 'brokers: give at least one address as host:port, such as localhost:9092';
    return { addresses: [], problems: [problem] };
  }
  const addresses: Address[] = [];
  const problems: string[] = [];
  for (const text of brokers as unknown[]) {
    const address = parseAddress(text);
    if (address !== undefined) addresses.push(address);
    else
      problems.push(
        `brokers: ${hideSecrets(JSON.stringify(text ?? null))} is not an address of the form host:port, such as localhost:9092 or [::1]:9092`,
      );
  }
  return { addresses, problems };
}
