import test from 'ava';
import { ConfigError } from '../../source/kernel/errors.ts';
import { boundText, expose, type ExpositionFormat } from '../../metrics/exposition.ts';
import type { MetricFamily } from '../../metrics/metrics-snapshot.ts';

const counter: MetricFamily = {
  name: 'a_bytes_total',
  kind: 'counter',
  help: 'Line one\nC:\\ "two"',
  unit: 'bytes',
  aggregation: 'sum',
  samples: [
    { name: 'a_bytes_total', labels: {}, value: 1e21 },
    { name: 'a_bytes_total', labels: { x: 'C:\\\n"é"', y: '' }, value: 0.1 },
  ],
};
const gauge: MetricFamily = {
  name: 'b_seconds',
  kind: 'gauge',
  help: 'B',
  unit: 'seconds',
  aggregation: 'max',
  samples: [{ name: 'b_seconds', labels: {}, value: 'NaN' }],
};

test('the text format is as Prometheus has it: version 0.0.4', (t) => {
  t.deepEqual(expose([counter, gauge], 'text'), {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    body: [
      '# HELP a_bytes_total Line one\\nC:\\\\ "two"',
      '# TYPE a_bytes_total counter',
      'a_bytes_total 1e+21',
      'a_bytes_total{x="C:\\\\\\n\\"é\\"",y=""} 0.1',
      '# HELP b_seconds B',
      '# TYPE b_seconds gauge',
      'b_seconds NaN',
      '',
    ].join('\n'),
  });
});

test('OpenMetrics 1.0 names a counter without its ending, tells units, and ends with EOF', (t) => {
  t.deepEqual(expose([counter, gauge], 'openmetrics'), {
    contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
    body: [
      '# HELP a_bytes Line one\\nC:\\\\ \\"two\\"',
      '# TYPE a_bytes counter',
      '# UNIT a_bytes bytes',
      'a_bytes_total 1e+21',
      'a_bytes_total{x="C:\\\\\\n\\"é\\"",y=""} 0.1',
      '# HELP b_seconds B',
      '# TYPE b_seconds gauge',
      '# UNIT b_seconds seconds',
      'b_seconds NaN',
      '# EOF',
      '',
    ].join('\n'),
  });
});

test('a unit that is not the ending of the name is not told: OpenMetrics forbids it', (t) => {
  const family: MetricFamily = { ...gauge, name: 'records_seen', unit: 'records', samples: [] };
  t.is(expose([family], 'openmetrics').body, '# HELP records_seen B\n# TYPE records_seen gauge\n# EOF\n');
});

test('no metrics are an empty text, and in OpenMetrics its end alone', (t) => {
  t.is(expose([], 'text').body, '');
  t.is(expose([], 'openmetrics').body, '# EOF\n');
});

test('another format is refused', (t) => {
  const error = t.throws(() => expose([], 'json' as ExpositionFormat), { instanceOf: ConfigError });
  t.is(error?.message, `expose: format must be 'text' or 'openmetrics', got "json"`);
});

test('bounds are written in the canonical form of OpenMetrics', (t) => {
  const forms: readonly [number, string][] = [
    [0, '0.0'],
    [1, '1.0'],
    [0.5, '0.5'],
    [0.001, '0.001'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [100_000, '100000.0'],
    [1_000_000, '1e+06'],
    [2_500_000, '2.5e+06'],
    [1e100, '1e+100'],
    [-5, '-5.0'],
    [Infinity, '+Inf'],
  ];
  for (const [bound, text] of forms) t.is(boundText(bound), text);
});
