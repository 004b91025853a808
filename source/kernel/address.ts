/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`; an IPv6 host stands in brackets: `[::1]:9092`. undefined: it is no address. */
export function parseAddress(text: unknown): Address | undefined {
  const match =
    typeof text === 'string' ? /^(?:\[([0-9a-fA-F:.%]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text) : null;
  const [, inBrackets, name, digits] = match ?? [];
  const host = inBrackets ?? name;
  const port = Number(digits);
  return host !== undefined && port > 0 && port < 65_536 ? { host, port } : undefined;
}

/** As {@link parseAddress} reads it. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
