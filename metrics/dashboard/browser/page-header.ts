import { duration } from '../model/figures.ts';
import { overallState, titleOf } from '../model/processors.ts';
import { byId, setClass, setHidden, setText } from './elements.ts';
import type { PageData, PagePart } from './page-data.ts';
import { showPageTitle } from './page-title.ts';

/** The name, the state, and where it runs. */
export class PageHeader implements PagePart {
  readonly #name = byId('name', HTMLElement);
  readonly #state = byId('state', HTMLElement);
  readonly #facts = byId('facts', HTMLElement);
  readonly #host = byId('host', HTMLElement);
  readonly #pid = byId('pid', HTMLElement);
  readonly #version = byId('version', HTMLElement);
  readonly #node = byId('node', HTMLElement);
  readonly #uptime = byId('uptime', HTMLElement);

  update({ report, processors }: PageData): void {
    const { word, tone } = overallState(report);
    const name = titleOf(report);
    setText(this.#name, processors.length === 0 ? 'No processor yet' : name);
    setText(this.#state, word);
    setClass(this.#state, `pill ${tone}`);
    showPageTitle(word, processors.length === 0 ? '' : name, tone);
    setText(this.#host, report.host);
    setText(this.#pid, String(report.pid));
    setText(this.#version, report.version);
    setText(this.#node, report.node.replace(/^v/, ''));
    const starts = processors.map(({ stats }) => stats.startedAt).filter((at) => at !== null);
    setText(this.#uptime, starts.length === 0 ? 'not started' : duration(report.now - Math.min(...starts)));
    setHidden(this.#facts, false);
  }
}
