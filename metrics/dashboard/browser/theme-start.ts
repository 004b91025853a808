import { showTheme, storedTheme } from './theme-choice.ts';

// Before the first paint: else a page that was set to dark would flash.
showTheme(storedTheme());
