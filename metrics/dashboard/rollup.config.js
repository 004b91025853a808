// Joins the compiled modules of the page into two classic scripts: a page without other requests cannot import modules.
const compiled = 'dist/metrics/dashboard/browser';
const assets = 'dist/metrics/dashboard/assets';

export default [
  { input: `${compiled}/theme-start.js`, output: { file: `${assets}/theme-start.js`, format: 'iife' } },
  {
    input: `${compiled}/main.js`,
    // The page has it as a script of its own.
    external: ['uplot'],
    output: { file: `${assets}/main.js`, format: 'iife', globals: { uplot: 'uPlot' } },
  },
];
