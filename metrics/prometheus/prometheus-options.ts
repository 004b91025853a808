import { ConfigError } from '../../source/kernel/errors.ts';
import { isObject } from '../../source/kernel/is-object.ts';
import { unknownName } from '../../source/kernel/unknown-name.ts';
import { metricDefinitions } from '../definitions.ts';

/** Options of {@link PrometheusMetrics}. */
export interface PrometheusMetricsOptions {
  /** Put before each name, with an underscore. Default 'kasper'. */
  readonly namespace?: string;
  /** Labels added to each series, such as `{ host: 'a' }`. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Also exposes the three metrics of Kasper (Go): `kasper_incoming_message_count`,
   * `kasper_outgoing_message_count` and `kasper_messages_behind_high_water_mark_count`, with the
   * labels topic, partition and label. They are not legal in OpenMetrics, so everything is then in
   * the text format, whatever is asked for. Default false.
   */
  readonly kasperNames?: boolean;
  /**
   * The value of Kasper's label `label`, which Kasper was given as `NewPrometheus(label)`. Default
   * ''.
   */
  readonly label?: string;
  /**
   * Also exposes prom-client's metrics of the process (`process_*`, `nodejs_*`: CPU, memory,
   * garbage collection, event loop). The monitor of the event loop wakes an idle process every 10
   * ms, which costs half a percent of a core. Default true.
   */
  readonly processMetrics?: boolean;
  /**
   * Quantiles of summaries cover the values of this last period. Unit ms; default 600000, at least
   * 100.
   */
  readonly summaryWindowMs?: number;
}

/** The options with their defaults. */
export type PrometheusSettings = Required<PrometheusMetricsOptions>;

const known: readonly (keyof PrometheusMetricsOptions)[] = [
  'namespace',
  'labels',
  'kasperNames',
  'label',
  'processMetrics',
  'summaryWindowMs',
];

/** Labels that metrics already have; `le` and `quantile` are Prometheus's. */
const taken = new Set<string>(Object.values(metricDefinitions).flatMap(({ labelNames }) => [...labelNames]));
for (const name of ['le', 'quantile', 'type', 'space', 'kind', 'version', 'major', 'minor', 'patch'])
  taken.add(name);

/** @throws ConfigError that lists all problems */
export function prometheusSettings(options: PrometheusMetricsOptions): PrometheusSettings {
  const problems: string[] = [];
  const given: unknown = options;
  if (!isObject(given)) {
    throw new ConfigError([`options must be an object, not ${show(given)}`], { what: 'PrometheusMetrics' });
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name as keyof PrometheusMetricsOptions)) {
      problems.push(unknownName('option', name, known));
    }
  }
  const {
    namespace = 'kasper',
    labels = {},
    kasperNames = false,
    label = '',
    processMetrics = true,
    summaryWindowMs = 600_000,
  } = options;
  if (typeof namespace !== 'string' || !/^[a-zA-Z][a-zA-Z0-9]*(_[a-zA-Z0-9]+)*$/.test(namespace)) {
    problems.push(
      `namespace must consist of letters, digits and single underscores between them, got ${show(namespace)}`,
    );
  } else if (namespace === 'process' || namespace === 'nodejs') {
    problems.push(`namespace '${namespace}' is that of the process metrics: use another`);
  }
  for (const [name, flag] of Object.entries({ kasperNames, processMetrics })) {
    if (typeof flag !== 'boolean') problems.push(`${name} must be true or false, got ${show(flag)}`);
  }
  if (typeof label !== 'string') problems.push(`label must be text, got ${show(label)}`);
  else if (options.label !== undefined && !kasperNames) {
    problems.push(
      `label needs kasperNames: true; for a label on every series, use labels: { name: ${show(label)} }`,
    );
  }
  if (!Number.isFinite(summaryWindowMs) || summaryWindowMs < 100) {
    problems.push(`summaryWindowMs must be a number of at least 100 (ms), got ${show(summaryWindowMs)}`);
  }
  checkLabels(labels, kasperNames, problems);
  if (problems.length > 0) throw new ConfigError(problems, { what: 'PrometheusMetrics' });
  return { namespace, labels: { ...labels }, kasperNames, label, processMetrics, summaryWindowMs };
}

function checkLabels(labels: unknown, kasperNames: boolean, problems: string[]): void {
  if (!isObject(labels) || Array.isArray(labels)) {
    problems.push(`labels must be an object of names and strings, got ${show(labels)}`);
    return;
  }
  for (const [name, value] of Object.entries(labels)) {
    if (!/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
      problems.push(
        `labels: a name must consist of letters, digits and underscores, and must not start with a digit or two underscores, got ${show(name)}`,
      );
    } else if (taken.has(name) || (kasperNames && name === 'label')) {
      problems.push(`labels: '${name}' is a label that metrics already have: use another name`);
    }
    if (typeof value !== 'string') problems.push(`labels: ${name} must be text, got ${show(value)}`);
  }
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : isObject(value) ? JSON.stringify(value) : String(value);
}
