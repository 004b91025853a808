import test from 'ava';
import { LateMetrics } from '../../metrics/late-metrics.ts';
import { KeptMetrics } from '../_helpers/fakes/kept-metrics.ts';

const of = (name: string) => ({ name, help: name, labelNames: ['a'] });

test('metrics may be made and bound before there is a provider, and record once there is one', (t) => {
  const late = new LateMetrics();
  const counter = late.newCounter(of('c')).labels('x');
  const gauge = late.newGauge(of('g')).labels('x');
  const histogram = late.newHistogram(of('h')).labels('x');
  const summary = late.newSummary(of('s')).labels('x');
  counter.inc(100);
  gauge.set(100);
  histogram.observe(100);
  summary.observe(100);
  const real = new KeptMetrics();
  late.become(real);
  t.is(real.values.size + real.observed.size, 0);
  counter.inc();
  counter.inc(2);
  gauge.set(4);
  histogram.observe(5);
  summary.observe(6);
  late.newCounter(of('c')).labels('y').inc(7);
  t.deepEqual(real.all('c'), [
    ['x', 3],
    ['y', 7],
  ]);
  t.is(real.value('g', 'x'), 4);
  t.deepEqual(real.observations('h', 'x'), [5]);
  t.deepEqual(real.observations('s', 'x'), [6]);
});

test('who waits for a scrape is called by the provider, whenever that came, until it has enough', (t) => {
  const late = new LateMetrics();
  const called: string[] = [];
  const endBefore = late.onCollect(() => called.push('before'));
  const endGone = late.onCollect(() => called.push('gone'));
  endGone();
  const real = new KeptMetrics();
  late.become(real);
  const endAfter = late.onCollect(() => called.push('after'));
  real.collect();
  t.deepEqual(called, ['before', 'after']);
  endBefore();
  endAfter();
  t.is(real.collectors, 0);
});
