import { dayTime } from '../model/figures.ts';
import { byId, make, setHidden } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';

const shownErrors = 50;

/** The last failures, newest first. */
export class ErrorList implements PagePart {
  readonly #list = byId('error-list', HTMLOListElement);
  readonly #empty = byId('errors-empty', HTMLElement);
  #shown = '';

  update({ report, processors, shown }: PageData): void {
    const errors = shown
      .flatMap(({ label, stats }) => stats.recentErrors.map((error) => ({ ...error, label })))
      .sort((a, b) => b.at - a.at)
      .slice(0, shownErrors);
    setHidden(this.#empty, errors.length > 0);
    setHidden(this.#list, errors.length === 0);
    const today = new Date(report.now).toDateString();
    const text = JSON.stringify([today, errors]);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#list.replaceChildren(
      ...errors.map(({ at, code, message, partition, label }) => {
        const item = make('li');
        const time = make('time', '', dayTime(at, report.now));
        time.dateTime = new Date(at).toISOString();
        const where = [
          ...(processors.length > 1 ? [label] : []),
          ...(partition === undefined ? [] : [`partition ${partition}`]),
        ].join(', ');
        item.append(
          time,
          make('span', 'code', code),
          make('span', 'where', where),
          make('span', 'message', message),
        );
        return item;
      }),
    );
  }
}
