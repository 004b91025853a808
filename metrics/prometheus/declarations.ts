import type { Declared } from './prometheus-metric.ts';

/**
 * What is wrong with a declaration, in sentences.
 *
 * @param present the metric that already has its name
 * @param constantLabels labels that every series has
 */
export function checkDeclaration(
  declared: Declared,
  present: Declared | undefined,
  constantLabels: readonly string[],
): string[] {
  const problems: string[] = [];
  const { name, kind, help, labelNames, buckets } = declared;
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
    problems.push('the name must consist of letters, digits and underscores');
  if (typeof help !== 'string' || help === '') problems.push('help must say what it counts or measures');
  for (const label of labelNames) {
    if (!/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) {
      problems.push(
        `label '${label}' must consist of letters, digits and underscores, and must not start with two underscores`,
      );
    }
    if (label === 'le' || label === 'quantile') problems.push(`label '${label}' is reserved by Prometheus`);
    if (constantLabels.includes(label))
      problems.push(`label '${label}' is already one of the provider's labels`);
  }
  if (new Set(labelNames).size < labelNames.length)
    problems.push(`labels occur twice: ${labelNames.join(', ')}`);
  if (kind === 'histogram') {
    const isRising = buckets.every(
      (bound, at) => Number.isFinite(bound) && bound > (buckets[at - 1] ?? -Infinity),
    );
    if (!isRising || buckets.length === 0) {
      problems.push(`buckets must be finite numbers in ascending order, got ${buckets.join(', ')}`);
    }
  }
  if (present !== undefined) problems.push(...differences(declared, present));
  return problems;
}

/** How a second declaration of one name differs. */
function differences(declared: Declared, present: Declared): string[] {
  const shown = (names: readonly (string | number)[]) => (names.length === 0 ? 'none' : names.join(', '));
  const problems: string[] = [];
  if (declared.kind !== present.kind) problems.push(`there is already a ${present.kind} of this name`);
  if (declared.labelNames.join() !== present.labelNames.join()) {
    problems.push(
      `it was declared before with other labels: ${shown(present.labelNames)}; now: ${shown(declared.labelNames)}. A name has one list of labels`,
    );
  }
  if (declared.kind === 'histogram' && present.kind === 'histogram') {
    if (declared.buckets.join() !== present.buckets.join()) {
      problems.push(
        `it was declared before with other buckets: ${shown(present.buckets)}; now: ${shown(declared.buckets)}`,
      );
    }
  }
  return problems;
}

/** The names that no other metric may have, in either format. */
export function sampleNames({ name, kind }: Pick<Declared, 'name' | 'kind'>): string[] {
  const suffixes = {
    counter: [],
    gauge: [],
    summary: ['_sum', '_count', '_created'],
    histogram: ['_bucket', '_sum', '_count', '_created'],
  }[kind];
  const base = kind === 'counter' ? name.replace(/_total$/, '') : name;
  const own = kind === 'counter' ? [base, name, `${base}_created`] : [name];
  return [...own, ...suffixes.map((suffix) => name + suffix)];
}
