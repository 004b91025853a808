/** What the reader chose; `auto` is as the system. */
export type ThemeChoice = 'auto' | 'light' | 'dark';

const storageKey = 'kasper-theme';

/** What was chosen before in this browser. */
export function storedTheme(): ThemeChoice {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    // Storage is closed to the page, as in some private windows.
    return 'auto';
  }
}

/** Has it shown; the style sheet reads the attribute. */
export function showTheme(choice: ThemeChoice): void {
  document.documentElement.dataset['theme'] = choice;
}

/** Keeps it for the next visit, where the browser lets us. */
export function storeTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(storageKey, choice);
  } catch {
    // As above: then it holds for this visit.
  }
}
