import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine can connect to an address. */
export function isLoopback(address: string): boolean {
  return loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * Decides by the Host header whether a request may be answered. A page of another site could have
 * its own name resolved to this machine (DNS rebinding), and its scripts would read the answers;
 * but they cannot hide that name. Addresses are safe, since no name was resolved. A server that is
 * open to other machines, where any of its names may be right, answers all requests.
 */
export class HostGuard {
  readonly #isOpen: boolean;
  readonly #names: ReadonlySet<string>;

  /**
   * @param address where it listens
   * @param names accepted besides localhost
   */
  constructor(address: string, names: readonly string[]) {
    this.#isOpen = !isLoopback(address);
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  allows(host: string | undefined): boolean {
    // HTTP/1.0 without the header: not a browser.
    if (this.#isOpen || host === undefined) return true;
    const name = host.trim().toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
    return (
      name === 'localhost' ||
      name.endsWith('.localhost') ||
      isIP(name.replace(/^\[|\]$/g, '')) !== 0 ||
      this.#names.has(name)
    );
  }
}
