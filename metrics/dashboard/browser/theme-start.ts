import { showTheme, storedTheme } from './theme-choice.ts';

// Before the first paint: otherwise a page that is set to dark would flash.
showTheme(storedTheme());
