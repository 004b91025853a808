import { ConfigError } from '../../source/kernel/errors.ts';
import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import { silentLogger, type Logger } from '../../source/kernel/logger.ts';
import type { MonitorOptions } from '../monitor.ts';
import { BEAT_MS } from './beats.ts';

/** Options of a MonitorServer. */
export interface MonitorServerOptions extends MonitorOptions {
  /** Default: silent. */
  readonly logger?: Logger;
}

/** The options of a MonitorServer, checked and complete. */
export type MonitorServerConfig = Required<MonitorServerOptions>;

const known = ['port', 'host', 'blockedAfterMs', 'allowedHosts', 'logger'];

/** The longest time for which a timer can wait. */
const MAX_MS = 2_147_483_647;
/** Below this, one missed beat would already count. */
const MIN_BLOCKED_MS = 4 * BEAT_MS;

/** @throws ConfigError that lists everything wrong with the options */
export function makeServerConfig(options: MonitorServerOptions): MonitorServerConfig {
  const given: unknown = options;
  const problems: string[] = [];
  if (!isObject(given))
    throw new ConfigError([`the options must be an object, such as { port: 9464 }`], what);
  for (const name of Object.keys(given))
    if (!known.includes(name)) problems.push(`unknown option '${name}'; known are ${known.join(', ')}`);
  const {
    port,
    host = '127.0.0.1',
    blockedAfterMs = 10_000,
    allowedHosts = [],
    logger = silentLogger,
  } = options;
  if (!isWhole(port, 0, 65_535))
    problems.push(`port must be a whole number from 0 (any free port) to 65535, not ${shown(port)}`);
  if (typeof host !== 'string' || host === '' || /[\s/[\]]/.test(host))
    problems.push(`host must be a name or an address, such as '127.0.0.1' or '::1', not ${shown(host)}`);
  if (!isWhole(blockedAfterMs, MIN_BLOCKED_MS, MAX_MS))
    problems.push(
      `blockedAfterMs must be a whole number from ${MIN_BLOCKED_MS} to ${MAX_MS} ms, not ${shown(blockedAfterMs)}`,
    );
  if (!Array.isArray(allowedHosts) || allowedHosts.some((name) => typeof name !== 'string'))
    problems.push(`allowedHosts must be a list of host names, not ${shown(allowedHosts)}`);
  if (!isObject(logger) || !hasMethods(logger, ['debug', 'info', 'warn', 'error', 'child']))
    problems.push('logger must have debug, info, warn, error and child');
  if (problems.length > 0) throw new ConfigError(problems, what);
  return Object.freeze({ port, host, blockedAfterMs, allowedHosts: [...allowedHosts], logger });
}

const what = { what: 'MonitorServer' };

function isWhole(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && Number(value) >= from && Number(value) <= to;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
