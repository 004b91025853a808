/** What the reader chose; `auto` follows the system. */
export type ThemeChoice = 'auto' | 'light' | 'dark';

const storageKey = 'kasper-theme';

/** What was chosen before in this browser. */
export function storedTheme(): ThemeChoice {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  } catch {
    // The page may not use storage, as in some private windows.
    return 'auto';
  }
}

/** Shows the theme; the style sheet reads the attribute. */
export function showTheme(choice: ThemeChoice): void {
  document.documentElement.dataset['theme'] = choice;
}

/** Keeps it for the next visit, if the browser allows that. */
export function storeTheme(choice: ThemeChoice): void {
  try {
    localStorage.setItem(storageKey, choice);
  } catch {
    // As above: then the choice is kept for this visit only.
  }
}
