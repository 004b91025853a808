import type { Tone } from '../model/processors.ts';
import { byId } from './elements.ts';

const colours: Readonly<Record<Tone | 'lost', string>> = {
  good: '#1f9d61',
  busy: '#d18b00',
  bad: '#d3302f',
  quiet: '#8a93a1',
  lost: '#8a93a1',
};

/**
 * Shows the state in the browser's tab: `running · orders`, and a dot in the colour of the state.
 */
export function showPageTitle(word: string, name: string, tone: Tone | 'lost'): void {
  const title = name === '' ? `${word} · kasper-ts` : `${word} · ${name}`;
  if (document.title === title) return;
  document.title = title;
  const icon = byId('icon', HTMLLinkElement);
  const bars = 'M7 21v-6h4v6zM14 21V9h4v12zM21 21v-9h4v9z';
  icon.href = `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1d2733"/><path d="${bars}" fill="#e8ebf0"/><circle cx="25" cy="7" r="6" fill="${colours[tone]}"/></svg>`,
  )}`;
}
