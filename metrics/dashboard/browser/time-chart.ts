import uPlot from 'uplot';
import { clockTime } from '../model/figures.ts';
import { keptSeconds, type HistoryPoint } from '../model/stats-history.ts';
import { chartColumns } from './chart-columns.ts';
import type { ChartDefinition } from './chart-definitions.ts';
import { ChartFigures } from './chart-figures.ts';
import { byId, make, setAttribute, setText } from './elements.ts';

const height = 190;
/** At first the axis is one minute long; then it grows. */
const leastSeconds = 60;

interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly series: readonly string[];
}

/**
 * One chart of the last ten minutes. Its legend shows the values under the pointer, or else the
 * last ones.
 */
export class TimeChart {
  readonly #definition: ChartDefinition;
  readonly #host: HTMLElement;
  readonly #moment: HTMLElement;
  readonly #legend: readonly { readonly swatch: HTMLElement; readonly value: HTMLElement }[];
  readonly #figures: ChartFigures;
  /**
   * The numbers of the series in the order in which they are drawn: in a stack the highest one
   * first, since later ones cover it.
   */
  readonly #drawn: readonly number[];
  readonly #plot: uPlot;
  #colours: Colours;
  #points: readonly HistoryPoint[] = [];

  constructor(definition: ChartDefinition) {
    this.#definition = definition;
    const numbers = [...definition.series.keys()];
    this.#drawn = definition.stacked ? numbers.reverse() : numbers;
    const figure = byId(definition.id, HTMLElement);
    const head = make('figcaption', 'chart-head');
    this.#moment = make('span', 'chart-moment');
    const title = make('h2', '', definition.title);
    const legend = make('ul', 'legend');
    this.#legend = definition.series.map(({ id, label }) => {
      const swatch = make('span', `swatch series-${id}`);
      const value = make('span', 'legend-value');
      const item = make('li');
      item.append(swatch, make('span', '', label), value);
      legend.append(item);
      return { swatch, value };
    });
    head.append(title, this.#moment, legend);
    this.#host = make('div', 'plot');
    this.#host.setAttribute('role', 'img');
    this.#figures = new ChartFigures(definition);
    figure.append(head, this.#host, this.#figures.element);
    this.#colours = this.#readColours();
    this.#plot = new uPlot(this.#options(), [[], ...definition.series.map(() => [])], this.#host);
    new ResizeObserver(() => {
      this.#plot.setSize({ width: this.#host.clientWidth, height });
    }).observe(this.#host);
  }

  update(points: readonly HistoryPoint[]): void {
    this.#points = points;
    const [times, ...columns] = chartColumns(this.#definition, points);
    this.#plot.setData([times, ...this.#drawn.map((number) => columns[number] ?? [])]);
    this.#showLegend();
    setAttribute(this.#host, 'aria-label', this.#figures.update(points));
  }

  /** After a change of the theme. */
  restyle(): void {
    this.#colours = this.#readColours();
    this.#plot.redraw(false);
  }

  #showLegend(): void {
    const index = this.#plot.cursor.idx;
    const last = this.#points.length - 1;
    const point = this.#points[index ?? last];
    setText(
      this.#moment,
      index === null || index === undefined || point === undefined ? '' : clockTime(point.at * 1000),
    );
    for (const [number, { id }] of this.#definition.series.entries()) {
      const value = point === undefined ? null : (point[id] ?? this.#before(index ?? last, id));
      const element = this.#legend[number]?.value;
      if (element !== undefined) setText(element, this.#definition.text(value));
    }
  }

  /** The value that a line shows where a report had none. */
  #before(index: number, id: keyof HistoryPoint): number | null {
    const from = (this.#points[index]?.at ?? 0) - this.#definition.bridgeSeconds;
    for (let i = index; i >= 0; i--) {
      const point = this.#points[i];
      if (point === undefined || point.at < from || point.lag === null) return null;
      if (point[id] !== null) return point[id];
    }
    return null;
  }

  /** Canvas needs plain colours: computed styles hold what the theme's variables resolve to. */
  #readColours(): Colours {
    const { color, borderTopColor } = getComputedStyle(this.#host);
    return {
      text: color,
      grid: borderTopColor,
      series: this.#legend.map(({ swatch }) => getComputedStyle(swatch).backgroundColor),
    };
  }

  #options(): uPlot.Options {
    const { stacked, axisText } = this.#definition;
    const axis = {
      stroke: () => this.#colours.text,
      font: '11px system-ui, sans-serif',
      ticks: { show: false },
    };
    const grid = { stroke: () => this.#colours.grid, width: 1 };
    const lines = this.#drawn.map((number) => this.#series(number));
    return {
      width: Math.max(200, this.#host.clientWidth),
      height,
      legend: { show: false },
      padding: [8, 22, 0, 0],
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: 'kasper' },
        points: {
          show: !stacked,
          size: 7,
          width: 2,
          fill: (_plot, index) => this.#colour(this.#drawn[index - 1] ?? 0),
        },
      },
      scales: {
        x: { time: true, range: (_plot, first, last) => timeRange(first, last) },
        y: { range: (_plot, _least, most) => [0, largest(most)] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 70,
          incrs: [5, 10, 15, 30, 60, 120, 300],
          size: 26,
          gap: 6,
          values: (_plot, splits) => timeTexts(splits),
        },
        { ...axis, grid, space: 36, size: 54, gap: 8, values: (_plot, splits) => splits.map(axisText) },
      ],
      series: [{}, ...lines],
      hooks: {
        setCursor: [
          () => {
            this.#showLegend();
          },
        ],
      },
    };
  }

  #series(number: number): uPlot.Series {
    const { stacked, series } = this.#definition;
    return {
      stroke: () => this.#colour(number),
      width: stacked ? 0 : 2,
      points: { show: false },
      ...(stacked && { fill: () => this.#colour(number) }),
      ...(series[number]?.filled === true && { fill: () => transparent(this.#colour(number)) }),
    };
  }

  #colour(number: number): string {
    return this.#colours.series[number] ?? 'currentColor';
  }
}

function timeRange(first: number | null, last: number | null): uPlot.Range.MinMax {
  const to = last ?? Date.now() / 1000;
  return [Math.max(to - keptSeconds, Math.min(first ?? to, to - leastSeconds)), to];
}

function largest(most: number | null): number {
  return most === null || most <= 0 ? 5 : most * 1.1;
}

/** Without seconds if each mark is at a full minute. */
function timeTexts(splits: readonly number[]): string[] {
  const isFull = splits.every((at) => at % 60 === 0);
  return splits.map((at) => clockTime(at * 1000).slice(0, isFull ? 5 : 8));
}

/** `rgb(1, 2, 3)`, made transparent. */
function transparent(colour: string): string {
  return colour.replace(/^rgb\((.+)\)$/, 'rgba($1, 0.14)');
}
