import type { ExpositionFormat } from '../exposition.ts';

/**
 * Which exposition an Accept header asks for: OpenMetrics if it is named, and not less preferred
 * than plain text.
 */
export function formatFor(accept: string | undefined): ExpositionFormat {
  const ranges = weights(accept ?? '*/*');
  const openMetrics = ranges.get('application/openmetrics-text') ?? 0;
  const text = ranges.get('text/plain') ?? ranges.get('text/*') ?? 0;
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text';
}

/** Whether an Accept-Encoding header accepts gzip. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  const codings = weights(acceptEncoding ?? '');
  return (codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0) > 0;
}

/**
 * The weight of each name in a header such as `text/plain;version=0.0.4;q=0.5,*\/*;q=0.1`; for a
 * name that occurs twice, the higher one.
 */
function weights(header: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const part of header.split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    // A weight that is not a number counts as not wanted.
    if (name !== '') found.set(name, Math.max(found.get(name) ?? 0, Number.isNaN(weight) ? 0 : weight));
  }
  return found;
}
