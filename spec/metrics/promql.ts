import { parser } from '@prometheus-io/lezer-promql';
import type { MetricDefinition } from '../../metrics/definitions.ts';

/** A series that a query asks for. */
export interface Selector {
  readonly name: string;
  /** Labels that it is filtered by, with the text that they are compared with. */
  readonly matchers: readonly { readonly label: string; readonly value: string }[];
}

/** What a query names. */
export interface Query {
  readonly selectors: readonly Selector[];
  /** Labels of by, without, on, ignoring, group_left and group_right. */
  readonly grouping: readonly string[];
}

/**
 * Reads a query by the grammar of Prometheus's own editor.
 *
 * @throws Error where it is no PromQL
 */
export function readQuery(text: string): Query {
  const selectors: { name: string; matchers: { label: string; value: string }[] }[] = [];
  const grouping: string[] = [];
  const at = ({ from, to }: { readonly from: number; readonly to: number }) => text.slice(from, to);
  parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`No PromQL at ${node.from}: ${text}`);
      const { parent } = node.node;
      if (node.name === 'VectorSelector') {
        const name = node.node.getChild('Identifier');
        if (name === null) throw new Error(`A selector without a name: ${at(node)}`);
        selectors.push({ name: at(name), matchers: [] });
      }
      if (node.name !== 'LabelName' || parent === null) return;
      if (parent.name === 'GroupingLabels') grouping.push(at(node));
      else {
        const value = parent.getChild('StringLiteral');
        selectors
          .at(-1)
          ?.matchers.push({ label: at(node), value: value === null ? '' : at(value).slice(1, -1) });
      }
    },
  });
  return { selectors, grouping };
}

/** What is known of a metric, whether ours or of the process. */
export type KnownMetric = Pick<MetricDefinition, 'labelNames'> & { readonly kind: string };

/**
 * What is wrong with the use of a metric: its name and kind, and the labels that it is filtered by.
 */
export function selectorProblems(
  { name, matchers }: Selector,
  metrics: ReadonlyMap<string, KnownMetric>,
): string[] {
  const ending = /_(bucket|sum|count)$/.exec(name);
  const base = ending === null ? name : name.slice(0, ending.index);
  const whole = metrics.get(name);
  const metric = whole ?? metrics.get(base);
  if (metric === undefined) return [`there is no metric ${name}`];
  if (whole?.kind === 'histogram') return [`${name} is a histogram: it has no series of this name`];
  if (whole === undefined && metric.kind !== 'histogram')
    return [`${base} is a ${metric.kind}, and has no ${name}`];
  const labels = labelsOf(metric, ending?.[1] === 'bucket');
  return matchers
    .filter(({ label }) => !labels.includes(label))
    .map(({ label }) => `${name} has no label ${label}`);
}

/** The labels that its series have in Prometheus, which adds those of the target. */
export function labelsOf({ labelNames = [] }: KnownMetric, isBucket: boolean): string[] {
  return [...labelNames, 'job', 'instance', ...(isBucket ? ['le'] : [])];
}

/**
 * How the metrics of a query are used in ways that make no sense of their kinds, such as a rate of
 * a gauge.
 */
export function kindProblems(text: string, metrics: ReadonlyMap<string, KnownMetric>): string[] {
  const rising = ['rate', 'irate', 'increase'];
  const falling = ['deriv', 'delta', 'idelta', 'predict_linear'];
  const problems: string[] = [];
  parser.parse(text).iterate({
    enter(node) {
      if (node.name !== 'VectorSelector') return;
      const name = text.slice(node.from, node.to).replace(/[{[].*$/s, '');
      const isCounter = metrics.get(name)?.kind === 'counter' || /_(bucket|sum|count)$/.test(name);
      let around = node.node.parent;
      while (around !== null && around.name !== 'FunctionCall') around = around.parent;
      const identifier = around?.getChild('FunctionIdentifier');
      const called =
        identifier === null || identifier === undefined ? '' : text.slice(identifier.from, identifier.to);
      if (isCounter && !rising.includes(called))
        problems.push(`${name} only rises: take its rate or increase, not ${called || 'its value'}`);
      if (!isCounter && rising.includes(called))
        problems.push(`${name} is a gauge: ${called} of it means nothing`);
      if (isCounter && falling.includes(called))
        problems.push(`${name} only rises: ${called} of it means nothing`);
    },
  });
  return problems;
}
