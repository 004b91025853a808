import test from 'ava';
import {
  noopMetrics,
  PrometheusMetrics,
  type CounterChild,
  type GaugeChild,
  type MetricSample,
  type ObserverChild,
} from '../../metrics/index.ts';
import { metricsConformance, type MetricsSubject } from '../../source/testing/index.ts';
import { MapMetrics, mapSubject } from './map-metrics.ts';

const subjects: readonly [what: string, make: () => MetricsSubject][] = [
  ['no metrics', () => ({ metrics: noopMetrics })],
  ['Prometheus', prometheusSubject],
  ['a provider of one Map', () => mapSubject(new MapMetrics())],
];

for (const [what, make] of subjects) {
  for (const { title, requires, run } of metricsConformance) {
    if (what === 'no metrics' && requires !== undefined) continue;
    test(`${what}: ${title}`, async (t) => {
      await t.notThrowsAsync(run(make()));
    });
  }
}

/** Reads back from a snapshot. */
function prometheusSubject(): MetricsSubject {
  const metrics = new PrometheusMetrics({ processMetrics: false });
  return {
    metrics,
    read: async (name, labels) => {
      const { families } = await metrics.snapshot();
      const family = families.find((each) => each.name === `kasper_${name}`);
      const isOfLabels = (sample: MetricSample) =>
        Object.keys(sample.labels).length === Object.keys(labels).length &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
      const valueOf = (ending: string) => {
        const sample = family?.samples.find((each) => each.name === family.name + ending && isOfLabels(each));
        return sample === undefined ? undefined : Number(sample.value);
      };
      const [value, count, sum] = [valueOf(''), valueOf('_count'), valueOf('_sum')];
      if (value === undefined && count === undefined) return undefined;
      return {
        ...(value !== undefined && { value }),
        ...(count !== undefined && { count }),
        ...(sum !== undefined && { sum }),
      };
    },
  };
}

/** Providers that are wrong in one way, and a case that must notice. */
const broken: readonly [fault: string, caughtBy: RegExp, make: () => MapMetrics][] = [
  [
    'cannot be given buckets',
    /every metric of a processor can be made/,
    () =>
      new (class extends MapMetrics {
        override newHistogram(): never {
          throw new Error('no histograms');
        }
      })(),
  ],
  [
    'counts by promises',
    /gives nothing back/,
    () =>
      new (class extends MapMetrics {
        override counterChild(key: string): CounterChild {
          const child = super.counterChild(key);
          return {
            inc: (by) => {
              child.inc(by);
              return Promise.resolve() as unknown as undefined;
            },
          };
        }
      })(),
  ],
  [
    'counts 1 whatever it is told',
    /a counter adds up/,
    () =>
      new (class extends MapMetrics {
        override counterChild(key: string): CounterChild {
          const child = super.counterChild(key);
          return {
            inc: () => {
              child.inc(1);
            },
          };
        }
      })(),
  ],
  [
    'takes 0 for nothing',
    /to which 0 was added is there/,
    () =>
      new (class extends MapMetrics {
        override counterChild(key: string): CounterChild {
          const child = super.counterChild(key);
          return {
            inc: (by = 1) => {
              if (by !== 0) child.inc(by);
            },
          };
        }
      })(),
  ],
  [
    'keeps the largest value of a gauge',
    /holds what it was set to last/,
    () =>
      new (class extends MapMetrics {
        override gaugeChild(key: string): GaugeChild {
          return {
            set: (value) => {
              this.series.set(key, { value: Math.max(value, this.series.get(key)?.value ?? -Infinity) });
            },
          };
        }
      })(),
  ],
  [
    'counts only what falls into a bucket',
    /a histogram knows how many/,
    () =>
      new (class extends MapMetrics {
        override histogramChild(key: string): ObserverChild {
          const child = super.histogramChild(key);
          return {
            observe: (value) => {
              if (value <= 10) child.observe(value);
            },
          };
        }
      })(),
  ],
  [
    'keeps the last value of a summary alone',
    /a summary knows how many/,
    () =>
      new (class extends MapMetrics {
        override summaryChild(key: string): ObserverChild {
          return {
            observe: (value) => {
              this.series.set(key, { count: 1, sum: value });
            },
          };
        }
      })(),
  ],
  [
    'knows labels as a set',
    /distinguished by all of their labels/,
    () =>
      new (class extends MapMetrics {
        override key(name: string, _labelNames: readonly string[], values: readonly string[]): string {
          return JSON.stringify([name, [...values].sort()]);
        }
      })(),
  ],
  [
    'writes label values without what is not a letter',
    /may be any text/,
    () =>
      new (class extends MapMetrics {
        override key(name: string, labelNames: readonly string[], values: readonly string[]): string {
          return super.key(
            name,
            labelNames,
            values.map((value) => value.replace(/\W/g, '')),
          );
        }
      })(),
  ],
  [
    'begins anew with each newCounter',
    /made again is the same one/,
    () => {
      let made = 0;
      return new (class extends MapMetrics {
        override newCounter(options: { readonly name: string; readonly labelNames?: readonly string[] }) {
          made++;
          for (const key of this.series.keys()) if (key.includes(options.name)) this.series.delete(key);
          return super.newCounter({ ...options, help: String(made) });
        }
      })();
    },
  ],
  [
    'never ends a callback',
    /until it is ended/,
    () =>
      new (class extends MapMetrics {
        override onCollect(refresh: () => void): () => void {
          super.onCollect(refresh);
          return () => undefined;
        }
      })(),
  ],
];

for (const [fault, caughtBy, make] of broken) {
  test(`a provider that ${fault} is caught`, async (t) => {
    const caught: string[] = [];
    for (const { title, run } of metricsConformance) {
      await run(mapSubject(make())).catch(() => caught.push(title));
    }
    t.true(
      caught.some((title) => caughtBy.test(title)),
      caught.join('\n'),
    );
    t.true(caught.length <= metricsConformance.length / 2, `and most pass: ${caught.join('\n')}`);
  });
}

test('no case is empty: each catches a broken provider', (t) => {
  for (const { title } of metricsConformance)
    t.true(
      broken.some(([, caughtBy]) => caughtBy.test(title)),
      title,
    );
  t.true(Object.isFrozen(metricsConformance));
});

test('a subject without read is told so', async (t) => {
  for (const { requires, run } of metricsConformance) {
    if (requires !== 'reads') continue;
    await t.throwsAsync(run({ metrics: new MapMetrics() }), { message: /must have a read function/ });
  }
});
