import { count, largeCount } from '../model/figures.ts';
import { allKey, stateOf } from '../model/processors.ts';
import { byId, make, setAttribute, setClass, setHidden, setText } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';

interface Choice {
  readonly button: HTMLButtonElement;
  readonly label: HTMLElement;
  readonly state: HTMLElement;
  readonly figures: HTMLElement;
}

/** The processors of the process, if it has several: one is chosen, or all. */
export class ProcessorChoice implements PagePart {
  readonly #section = byId('processors', HTMLElement);
  readonly #list = byId('processor-list', HTMLUListElement);
  readonly #choices = new Map<string, Choice>();
  readonly #onChoose: (key: string) => void;

  constructor(onChoose: (key: string) => void) {
    this.#onChoose = onChoose;
  }

  update({ processors, chosen, latest }: PageData): void {
    setHidden(this.#section, processors.length < 2);
    if (processors.length < 2) return;
    const running = processors.filter(({ stats }) => stats.state === 'running').length;
    const good = processors.filter(({ stats }) => stateOf(stats).tone === 'good').length;
    const failed = processors.some(({ stats }) => stats.state === 'failed');
    const all = `${count(running)} of ${count(processors.length)} running`;
    const shown = [
      {
        key: allKey,
        label: 'All',
        state: all,
        tone: failed ? 'bad' : good === processors.length ? 'good' : 'busy',
      },
      ...processors.map(({ key, label, stats }) => {
        const { word, tone } = stateOf(stats);
        return { key, label, state: word, tone };
      }),
    ];
    this.#remove(new Set(shown.map(({ key }) => key)));
    for (const { key, label, state, tone } of shown) {
      const choice = this.#choices.get(key) ?? this.#add(key);
      const point = latest(key);
      setText(choice.label, label);
      setText(choice.state, state);
      setClass(choice.state, `dot ${tone}`);
      setText(
        choice.figures,
        `${largeCount(point?.consumed ?? null)}/s · lag ${largeCount(point?.lag ?? null)}`,
      );
      setAttribute(choice.button, 'aria-pressed', String(key === chosen));
    }
  }

  #add(key: string): Choice {
    const button = make('button', 'choice');
    button.type = 'button';
    const choice = {
      button,
      label: make('span', 'choice-label'),
      state: make('span', 'dot'),
      figures: make('span', 'choice-figures'),
    };
    button.append(choice.label, choice.state, choice.figures);
    button.addEventListener('click', () => {
      this.#onChoose(key);
    });
    const item = make('li');
    item.append(button);
    this.#list.append(item);
    this.#choices.set(key, choice);
    return choice;
  }

  #remove(kept: ReadonlySet<string>): void {
    for (const [key, { button }] of this.#choices) {
      if (kept.has(key)) continue;
      button.parentElement?.remove();
      this.#choices.delete(key);
    }
  }
}
