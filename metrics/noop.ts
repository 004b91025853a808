import type { Counter, Gauge, MetricsProvider, Observer } from './metrics.ts';

const nothing = () => undefined;
const counter: Counter = Object.freeze({ labels: () => ({ inc: nothing }) });
const gauge: Gauge = Object.freeze({ labels: () => ({ set: nothing }) });
const observer: Observer = Object.freeze({ labels: () => ({ observe: nothing }) });

/** Measures nothing: the default. */
export const noopMetrics: MetricsProvider = Object.freeze({
  newCounter: () => counter,
  newGauge: () => gauge,
  newSummary: () => observer,
  newHistogram: () => observer,
});
