import { overallState } from '../model/processors.ts';
import { byId, make, setClass, setHidden, setText } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';

/** What is wrong, above everything else; nothing while all is well. */
export class HealthBanner implements PagePart {
  readonly #banner = byId('problems', HTMLElement);
  readonly #title = byId('problems-title', HTMLElement);
  readonly #list = byId('problems-list', HTMLUListElement);
  #shown = '';

  update({ report, processors }: PageData): void {
    const { health } = report;
    const failures = processors.flatMap(({ label, stats: { failure } }) =>
      failure === null
        ? []
        : [`${processors.length > 1 ? `${label}: ` : ''}${failure.code}: ${failure.message}`],
    );
    const texts = [...failures, ...health.problems.filter((problem) => !repeats(problem, processors))];
    const isWrong = failures.length > 0 || !health.healthy;
    setHidden(this.#banner, texts.length === 0 && !isWrong);
    setClass(this.#banner, `banner ${isWrong ? 'bad' : 'busy'}`);
    setText(this.#title, titleOf(overallState(report).word, isWrong));
    // A screen reader reads it aloud at each change: so it changes only when it must.
    const shown = JSON.stringify(texts);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#list.replaceChildren(...texts.map((text) => make('li', '', text)));
  }
}

function titleOf(word: string, isWrong: boolean): string {
  if (!isWrong && word === 'degraded') return 'Degraded';
  if (!isWrong)
    return word === 'starting' || word === 'new' || word === 'waiting' ? 'Not ready yet' : 'Not ready';
  return word === 'failed' ? 'The run has failed' : 'Something is wrong';
}

/** Whether a problem only repeats the failure that is shown above it. */
function repeats(problem: string, processors: PageData['processors']): boolean {
  return processors.some(({ stats: { failure } }) => failure !== null && problem.includes(failure.message));
}
