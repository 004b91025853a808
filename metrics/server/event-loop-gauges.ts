import { metricDefinitions } from '../definitions.ts';
import type { Exposition } from '../exposition.ts';
import type { MetricsProvider } from '../metrics.ts';
import type { Beats } from './beats.ts';
import type { EventLoopState } from './block-detector.ts';

const { eventLoopBlockedSeconds, eventLoopLongestBlockSeconds } = metricDefinitions;

/** The namespace used if the provider lacks these gauges, or could not be asked yet. */
const NAMESPACE = 'kasper_';

/**
 * Adds the two gauges of the event loop to a provider, so that they have its namespace and labels.
 * While the main thread can set them, the loop is not blocked: their values in a scrape come from
 * {@link withEventLoop}.
 *
 * @returns a function that removes them
 */
export function addEventLoopGauges(metrics: MetricsProvider, beats: Beats): () => void {
  const blocked = metrics.newGauge(eventLoopBlockedSeconds).labels();
  const longest = metrics.newGauge(eventLoopLongestBlockSeconds).labels();
  const refresh = () => {
    blocked.set(0);
    longest.set(beats.longestBlockMs / 1000);
  };
  refresh();
  return metrics.onCollect?.(refresh) ?? (() => undefined);
}

/**
 * The exposition with the current state of the event loop, which the main thread cannot report
 * while it is blocked. Gauges that are missing are added; a higher value, as of several processes
 * together, stays. Null: with these two gauges only.
 */
export function withEventLoop(
  exposition: Exposition | null,
  { blockedMs, longestBlockMs }: EventLoopState,
): Exposition {
  const { contentType, body } = exposition ?? {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    body: '',
  };
  const withBlocked = withGauge(body, eventLoopBlockedSeconds, blockedMs / 1000);
  return { contentType, body: withGauge(withBlocked, eventLoopLongestBlockSeconds, longestBlockMs / 1000) };
}

interface GaugeText {
  readonly name: string;
  readonly help: string;
}

/** The end of an exposition in OpenMetrics. */
const EOF = '# EOF\n';

function withGauge(body: string, { name, help }: GaugeText, seconds: number): string {
  const samples = new RegExp(`^((?:[A-Za-z_:][\\w:]*_)?${name}(?:\\{.*\\})? )(\\S+)`, 'gm');
  if (samples.test(body))
    return body.replace(
      samples,
      (_sample, series: string, value: string) => `${series}${shown(Math.max(Number(value), seconds))}`,
    );
  const [before, end] = body.endsWith(EOF) ? [body.slice(0, -EOF.length), EOF] : [body, ''];
  const family = `${NAMESPACE}${name}`;
  const unit = end === EOF ? `# UNIT ${family} seconds\n` : '';
  return `${before}# HELP ${family} ${help}\n# TYPE ${family} gauge\n${unit}${family} ${shown(seconds)}\n${end}`;
}

/** To the millisecond. */
function shown(seconds: number): string {
  return String(Math.round(seconds * 1000) / 1000);
}
