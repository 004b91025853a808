import type { Monitor, MonitorOptions } from '../../metrics/monitor.ts';
import { noopMetrics } from '../../metrics/noop.ts';
import type { MetricsProvider } from '../../metrics/metrics.ts';
import { LONGEST_TIMER_MS } from '../kernel/duration.ts';
import { hasMethods, isObject } from '../kernel/is-object.ts';
import { unknownName } from '../kernel/unknown-name.ts';
import { LateMetrics } from '../../metrics/late-metrics.ts';
import { show } from '../kernel/shown-value.ts';

const FORM =
  "monitor must be { port, host, blockedAfterMs, allowedHosts }, such as { port: 9464 }, or have the method 'watch'";
const known = ['port', 'host', 'blockedAfterMs', 'allowedHosts'];
const HIGHEST_PORT = 65_535;
/** Below this, an event loop that is only busy would count as blocked. */
const SHORTEST_BLOCK_MS = 1000;

/** Whether it is a monitor, not the options of one that is to be opened. */
export function isMonitor(monitor: Monitor | MonitorOptions): monitor is Monitor {
  return 'watch' in monitor;
}

/** Where metrics go if no provider is given: a server that we open needs something to show. */
export function defaultMetrics(monitor: Monitor | MonitorOptions | undefined): MetricsProvider {
  return monitor === undefined || isMonitor(monitor) ? noopMetrics : new LateMetrics();
}

/** Checks the option `monitor`. What is wrong with it is added to the problems. */
export function checkMonitor(value: unknown, problems: string[]): Monitor | MonitorOptions | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    problems.push(`${FORM}; got ${show(value)}`);
    return undefined;
  }
  if (hasMethods(value, ['watch'])) return value as unknown as Monitor;
  const before = problems.length;
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) problems.push(`monitor: ${unknownName('option', name, known)}`);
  }
  const { port, host, blockedAfterMs, allowedHosts } = value;
  if (!isInteger(port, 0, HIGHEST_PORT))
    problems.push(`monitor.port must be a whole number from 0 to ${HIGHEST_PORT}, not ${show(port)}`);
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    problems.push(`monitor.host must be a name or an address, such as '127.0.0.1', not ${show(host)}`);
  if (blockedAfterMs !== undefined && !isInteger(blockedAfterMs, SHORTEST_BLOCK_MS, LONGEST_TIMER_MS))
    problems.push(
      `monitor.blockedAfterMs must be a whole number of ms, at least ${SHORTEST_BLOCK_MS}, not ${show(blockedAfterMs)}`,
    );
  if (allowedHosts !== undefined && !isListOfText(allowedHosts))
    problems.push(`monitor.allowedHosts must be a list of host names, not ${show(allowedHosts)}`);
  if (problems.length > before) return undefined;
  return Object.freeze({ ...value }) as unknown as MonitorOptions;
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isInteger(value: unknown, minimum: number, maximum: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum && value <= maximum;
}
