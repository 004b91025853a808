import { ConfigError } from '../../source/kernel/errors.ts';
import type { ServerData } from './messages.ts';

/** What is wrong with the address, and what to do, by the code of the error. */
export function cannotListen(
  { port, host }: Pick<ServerData, 'port' | 'host'>,
  code: string,
  message: string,
): ConfigError {
  return new ConfigError(
    [`cannot listen on port ${port} of ${host}: ${remedies[code]?.(port, host) ?? message}`],
    {
      what: 'MonitorServer',
      cause: Object.assign(new Error(message), { code }),
    },
  );
}

/** By the error of listen(2), or of the resolution of the name. */
const remedies: Readonly<Record<string, ((port: number, host: string) => string) | undefined>> = {
  EADDRINUSE: (port) =>
    `another process listens there (lsof -i :${port} shows which). Use another port, or 0 for a free one`,
  EACCES: () => 'this user is not allowed to. Use a port from 1024 up',
  EADDRNOTAVAIL: (_port, host) =>
    `${host} is not an address of this machine. Use one of its own: 127.0.0.1 for this machine only, or 0.0.0.0 for all`,
  ENOTFOUND: (_port, host) => unknownName(host),
  EAI_AGAIN: (_port, host) => unknownName(host),
};

function unknownName(host: string): string {
  return `the name ${host} could not be resolved. Use an address of this machine, such as 127.0.0.1`;
}
