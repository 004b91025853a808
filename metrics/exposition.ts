import { ConfigError } from '../source/kernel/errors.ts';
import type { MetricFamily } from './metrics-snapshot.ts';

/** `text`: Prometheus's text format 0.0.4. `openmetrics`: OpenMetrics 1.0. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** What a scrape is answered with. */
export interface Exposition {
  /** The value of the header Content-Type. */
  readonly contentType: string;
  readonly body: string;
}

const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Metrics in one of the formats that Prometheus reads. Both give each series the same name and
 * labels, so that queries still work when a scraper asks for the other format.
 *
 * See https://prometheus.io/docs/instrumenting/exposition_formats/ and
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 *
 * @throws ConfigError for another format
 */
export function expose(families: readonly MetricFamily[], format: ExpositionFormat): Exposition {
  if (!Object.hasOwn(contentTypes, format)) {
    throw new ConfigError([`format must be 'text' or 'openmetrics', got ${JSON.stringify(format)}`], {
      what: 'expose',
    });
  }
  const isOpen = format === 'openmetrics';
  const lines = families.flatMap((family) => familyLines(family, isOpen));
  if (isOpen) lines.push('# EOF');
  return { contentType: contentTypes[format], body: lines.length === 0 ? '' : `${lines.join('\n')}\n` };
}

function familyLines({ name, kind, help, unit, samples }: MetricFamily, isOpen: boolean): string[] {
  // In OpenMetrics, `_total` belongs to the samples of a counter, and not to the counter.
  const familyName = isOpen && kind === 'counter' ? name.replace(/_total$/, '') : name;
  const lines = [`# HELP ${familyName} ${escapeHelp(help, isOpen)}`, `# TYPE ${familyName} ${kind}`];
  // The name must end with the unit.
  if (isOpen && unit !== undefined && familyName.endsWith(`_${unit}`)) {
    lines.push(`# UNIT ${familyName} ${unit}`);
  }
  for (const sample of samples) lines.push(`${sample.name}${labelText(sample.labels)} ${sample.value}`);
  return lines;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeHelp(text: string, isOpen: boolean): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}

function escapeLabel(text: string): string {
  // There is nearly always nothing to escape, and a scrape has thousands of values.
  if (!/[\\\n"]/.test(text)) return text;
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/**
 * A bucket's bound or a quantile as a label, in the canonical form of OpenMetrics (`1.0`, `2.5`,
 * `1e+06`), which Prometheus 3 uses in any case. With another form, the labels of a series would
 * change with the format or the version of the scraper.
 */
export function boundText(bound: number): string {
  if (bound === Infinity) return '+Inf';
  const size = Math.abs(bound);
  if (bound !== 0 && (size < 1e-4 || size >= 1e6)) {
    return bound.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
