import { count, duration, plural } from '../model/figures.ts';
import { matches, sortRows } from '../model/partition-order.ts';
import type { PartitionRow } from '../model/partition-rows.ts';
import { byId, setHidden, setText } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';
import { PartitionRowView } from './partition-row-view.ts';
import { PartitionSort } from './partition-sort.ts';

const foundShownMs = 2500;

/**
 * The partitions. Rows stay where they are unless the order changes, and only cells whose text
 * changes are updated.
 */
export class PartitionTable implements PagePart {
  readonly #table = byId('partition-table', HTMLTableElement);
  readonly #body = byId('partition-rows', HTMLTableSectionElement);
  readonly #scroller = byId('partition-scroll', HTMLElement);
  readonly #empty = byId('partitions-empty', HTMLElement);
  readonly #controls = byId('partition-controls', HTMLElement);
  readonly #count = byId('partition-count', HTMLElement);
  readonly #ends = byId('ends-asked', HTMLElement);
  readonly #filter = byId('filter', HTMLInputElement);
  readonly #sort: PartitionSort;
  readonly #views = new Map<string, PartitionRowView>();
  #rows: readonly PartitionRow[] = [];

  constructor() {
    this.#sort = new PartitionSort(() => {
      this.#arrange();
    });
    this.#filter.addEventListener('input', () => {
      this.#arrange();
    });
    const all = byId('all-figures', HTMLInputElement);
    all.addEventListener('change', () => {
      this.#table.classList.toggle('all-figures', all.checked);
    });
  }

  update({ report, shown, rows }: PageData): void {
    this.#rows = rows;
    this.#table.classList.toggle('one-processor', shown.length < 2);
    const largest = rows.reduce((most, { lag }) => Math.max(most, lag), 0);
    for (const row of rows) this.#view(row.key).update(row, largest);
    this.#arrange();
    setHidden(this.#scroller, rows.length === 0);
    setHidden(this.#controls, rows.length === 0);
    setHidden(this.#empty, rows.length > 0);
    setText(this.#empty, emptyText(shown.map(({ stats }) => stats.state)));
    const asked = shown.map(({ stats }) => stats.endsAskedAt).filter((at) => at !== null);
    setText(
      this.#ends,
      asked.length === 0 ? '' : `log ends read ${duration(report.now - Math.min(...asked))} ago`,
    );
  }

  /** Scrolls to a row and marks it for a moment. */
  reveal(key: string): void {
    const element = this.#views.get(key)?.element;
    if (element === undefined || element.hidden) return;
    element.scrollIntoView({ block: 'center' });
    element.classList.add('found');
    setTimeout(() => {
      element.classList.remove('found');
    }, foundShownMs);
  }

  /** Filters and sorts; moves only the rows that are out of place. */
  #arrange(): void {
    const filter = this.#filter.value.trim();
    const sorted = sortRows(this.#rows, this.#sort.order);
    let matching = 0;
    let next = this.#body.firstElementChild;
    for (const row of sorted) {
      const { element } = this.#view(row.key);
      const isMatching = filter === '' || matches(row, filter);
      if (isMatching) matching++;
      setHidden(element, !isMatching);
      if (element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(element, next);
    }
    this.#removeFrom(next);
    const all = plural(sorted.length, 'partition');
    setText(this.#count, matching === sorted.length ? all : `${count(matching)} of ${all}`);
  }

  /** Rows after those of this report belong to partitions that are gone. */
  #removeFrom(first: Element | null): void {
    if (first === null) return;
    while (first.nextElementSibling !== null) first.nextElementSibling.remove();
    first.remove();
    for (const [key, { element }] of this.#views) if (!element.isConnected) this.#views.delete(key);
  }

  #view(key: string): PartitionRowView {
    const view = this.#views.get(key) ?? new PartitionRowView();
    this.#views.set(key, view);
    return view;
  }
}

function emptyText(states: readonly string[]): string {
  if (states.length === 0)
    return 'No processor runs in this process yet. It appears here as soon as it starts.';
  if (states.includes('starting')) return 'No partitions yet: the processor is starting.';
  if (states.includes('new')) return 'No partitions yet: the processor has not been started.';
  return 'No partitions.';
}
