import type { MetricsProvider } from '../../../metrics/metrics.ts';
import type { ConformanceCase } from './conformance-case.ts';

/**
 * What a MetricsProvider may lack:
 * - `reads`: what was counted can be read back, by the subject's `read`
 * - `on-collect`: it has `onCollect`, and calls back before `read` reads
 */
export type MetricsFeature = 'reads' | 'on-collect';

/**
 * What a series holds: `value` of a counter or gauge, `count` and `sum` of a histogram or summary.
 */
export interface SeriesReading {
  readonly value?: number;
  readonly count?: number;
  readonly sum?: number;
}

/**
 * What a case of {@link metricsConformance} works on. Names are random, so that all cases may share
 * one provider.
 */
export interface MetricsSubject {
  /** The provider to check. */
  readonly metrics: MetricsProvider;
  /**
   * What a series holds now, undefined where there is none; for cases that require `reads`.
   *
   * @param name as it was declared, without what the provider puts before it
   */
  read?(name: string, labels: Readonly<Record<string, string>>): Promise<SeriesReading | undefined>;
}

/** A case of {@link metricsConformance}. */
export type MetricsCase = ConformanceCase<MetricsSubject, MetricsFeature>;
