import { ConfigError } from '../../source/kernel/errors.ts';
import { isObject } from '../../source/kernel/is-object.ts';
import { textOf } from '../../source/kernel/thrown-text.ts';
import type { Exposition, ExpositionFormat } from '../exposition.ts';
import type { MetricsProvider } from '../metrics.ts';
import type { HealthReport, Monitored } from '../monitor.ts';
import type { JointHealth, StatsAnswer } from './messages.ts';

/** A provider whose metrics can be scraped. */
interface ScrapedProvider extends MetricsProvider {
  expose(format?: ExpositionFormat): Promise<Exposition>;
}

/** What is shown of a processor, also after it is gone. */
type Shown = Pick<Monitored, 'name' | 'health' | 'stats'>;

const nobody = 'No processor is running';

/**
 * The processors that a server shows, and what it reports about all of them together. A processor
 * that has failed is still shown after it has closed, so that its failure is seen, until one of the
 * same name takes its place.
 */
export class ShownProcessors {
  readonly #current = new Set<Monitored>();
  #failed: Shown[] = [];
  /** Kept after its processor is gone: until the next one comes, these are the last figures. */
  #scraped: ScrapedProvider | undefined;

  /** How many there are, without those that are gone. */
  get size(): number {
    return this.#current.size;
  }

  /** @throws ConfigError if another one has its own metrics to be scraped */
  add(monitored: Monitored): void {
    const { metrics, name } = monitored;
    if (isScraped(metrics)) {
      for (const other of this.#current)
        if (isScraped(other.metrics) && other.metrics !== metrics) throw twoProviders(other.name, name);
      this.#scraped = metrics;
    }
    this.#current.add(monitored);
    this.#failed = this.#failed.filter((failed) => failed.name !== name);
  }

  /** Does nothing for one that is not shown. */
  remove(monitored: Monitored): void {
    if (!this.#current.delete(monitored)) return;
    const failed = lastOf(monitored);
    if (failed !== undefined) this.#failed.push(failed);
  }

  /** Whether one of the current ones has these metrics. */
  uses(metrics: MetricsProvider): boolean {
    return [...this.#current].some((monitored) => monitored.metrics === metrics);
  }

  /** Never throws: what the health() of a processor throws is a problem of that processor. */
  health(): JointHealth {
    const problems: string[] = [];
    const unhealthy: string[] = [];
    const unready: string[] = [];
    let isHealthy = true;
    let isDegraded = false;
    for (const shown of this.#all()) {
      const { healthy, degraded, ready, problems: reported } = healthOf(shown);
      isHealthy &&= healthy;
      isDegraded ||= degraded;
      for (const text of reported.length === 0 && !(healthy && ready) ? ['it gives no reason'] : reported) {
        const problem = `${shown.name}: ${text}`;
        problems.push(problem);
        if (!healthy || degraded) unhealthy.push(problem);
        if (!ready) unready.push(problem);
      }
    }
    if (this.#current.size === 0) {
      unready.push(nobody);
      problems.push(nobody);
    }
    const ready = unready.length === 0;
    return { healthy: isHealthy, degraded: isDegraded, ready, problems, unhealthy, unready };
  }

  stats(): StatsAnswer {
    const processors = JSON.stringify(this.#all().map((shown) => shown.stats()));
    return { health: this.health(), processors };
  }

  /** Null if there is nothing to scrape. */
  async expose(format: ExpositionFormat): Promise<Exposition | null> {
    if (this.#scraped === undefined) return null;
    const { contentType, body } = await this.#scraped.expose(format);
    return { contentType, body };
  }

  #all(): Shown[] {
    return [...this.#current, ...this.#failed];
  }
}

function isScraped(metrics: MetricsProvider): metrics is ScrapedProvider {
  return 'expose' in metrics && typeof metrics.expose === 'function';
}

function twoProviders(one: string, other: string): ConfigError {
  return new ConfigError(
    [
      `'${one}' and '${other}' each have metrics of their own, and a scrape cannot contain a metric twice: ` +
        'give both the same PrometheusMetrics as the option metrics, or give each its own MonitorServer',
    ],
    { what: 'MonitorServer' },
  );
}

/**
 * What is shown from now on of a processor that has failed, without a reference to it; undefined if
 * it has not failed.
 */
function lastOf(monitored: Monitored): Shown | undefined {
  const stats = monitored.stats();
  if (!isObject(stats) || !isObject(stats['failure'])) return undefined;
  const problem = `The run has failed: ${String(stats['failure']['message'])}`;
  const health = { healthy: false, degraded: false, ready: false, problems: [problem] };
  // Whatever its state was when it reported that it is gone.
  const last = { ...stats, state: 'failed' };
  return { name: monitored.name, health: () => health, stats: () => last };
}

function healthOf(shown: Shown): HealthReport {
  try {
    return shown.health();
  } catch (error) {
    return {
      healthy: false,
      degraded: false,
      ready: false,
      problems: [`its health() threw: ${textOf(error)}`],
    };
  }
}
