import { clockTime } from '../model/figures.ts';
import type { HistoryPoint } from '../model/stats-history.ts';
import type { ChartDefinition, ChartSeries } from './chart-definitions.ts';
import { make, setText } from './elements.ts';

const minutes = 10;

/**
 * What a chart shows, in words and as a table by the minute: for screen readers, and to copy from.
 */
export class ChartFigures {
  readonly element = make('details', 'chart-figures');
  readonly #definition: ChartDefinition;
  readonly #rows: readonly { readonly row: HTMLElement; readonly cells: readonly HTMLElement[] }[];
  #points: readonly HistoryPoint[] = [];

  constructor(definition: ChartDefinition) {
    this.#definition = definition;
    const table = make('table');
    const caption = make('caption', 'visually-hidden', `${definition.title}: averages per minute`);
    const headRow = make('tr');
    headRow.append(
      ...['Minute', ...definition.series.map(({ label }) => label)].map((label) => {
        const head = make('th', '', label);
        head.scope = 'col';
        return head;
      }),
    );
    const head = make('thead');
    head.append(headRow);
    const body = make('tbody');
    this.#rows = Array.from({ length: minutes }, () => {
      const row = make('tr');
      const first = make('th');
      first.scope = 'row';
      const cells = [first, ...definition.series.map(() => make('td'))];
      row.append(...cells);
      body.append(row);
      return { row, cells };
    });
    table.append(caption, head, body);
    this.element.append(make('summary', '', 'Figures'), table);
    this.element.addEventListener('toggle', () => {
      this.#fill();
    });
  }

  /** @returns the chart in a sentence */
  update(points: readonly HistoryPoint[]): string {
    this.#points = points;
    this.#fill();
    const { title, series } = this.#definition;
    return points.length === 0
      ? `${title}: no data yet`
      : `${title}, by time: ${series.map((each) => this.#sentence(each)).join('; ')}`;
  }

  #sentence({ id, label }: ChartSeries): string {
    const values = this.#points.map((point) => point[id]).filter((value) => value !== null);
    if (values.length === 0) return `${label} not known yet`;
    const { text } = this.#definition;
    const least = values.reduce((a, b) => Math.min(a, b));
    const most = values.reduce((a, b) => Math.max(a, b));
    return `${label} ${text(values.at(-1) ?? null)} now, from ${text(least)} to ${text(most)}`;
  }

  #fill(): void {
    if (!this.element.open) return;
    const { series, text } = this.#definition;
    const last = Math.floor((this.#points.at(-1)?.at ?? 0) / 60);
    for (const [index, { row, cells }] of this.#rows.entries()) {
      const minute = last - index;
      const points = this.#points.filter(({ at }) => Math.floor(at / 60) === minute);
      row.hidden = points.length === 0;
      const texts = [
        clockTime(minute * 60_000).slice(0, 5),
        ...series.map(({ id }) => text(mean(points, id))),
      ];
      for (const [number, cell] of cells.entries()) setText(cell, texts[number] ?? '');
    }
  }
}

function mean(points: readonly HistoryPoint[], id: ChartSeries['id']): number | null {
  const values = points.map((point) => point[id]).filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0) / values.length;
}
