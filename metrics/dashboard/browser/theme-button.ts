import { byId, setAttribute, setText } from './elements.ts';
import { showTheme, storedTheme, storeTheme, type ThemeChoice } from './theme-choice.ts';

const next: Readonly<Record<ThemeChoice, ThemeChoice>> = { auto: 'light', light: 'dark', dark: 'auto' };

/**
 * The button that switches from `auto` to `light` to `dark`. Calls back whenever colours have
 * changed, also when the system changes them.
 */
export function startThemeButton(onChange: () => void): void {
  const button = byId('theme', HTMLButtonElement);
  const label = byId('theme-label', HTMLElement);
  let choice = storedTheme();
  const show = () => {
    showTheme(choice);
    setText(label, `Theme: ${choice}`);
    setAttribute(button, 'data-choice', choice);
    onChange();
  };
  button.addEventListener('click', () => {
    choice = next[choice];
    storeTheme(choice);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  show();
}
