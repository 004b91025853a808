import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface Page {
  readonly html: string;
  readonly csp: string;
}

let page: Page | undefined;

/**
 * The dashboard of a running processor: one HTML document that holds its styles and scripts. Once a
 * second it requests `api/stats` beside the path at which it was loaded, and nothing else; so it
 * works behind any path prefix. Made at the first call, then kept.
 *
 * Serve it with {@link dashboardCsp} as `Content-Security-Policy`.
 */
export function dashboardPage(): string {
  page ??= makePage();
  return page.html;
}

/**
 * The value of the header `Content-Security-Policy` for {@link dashboardPage}: its own inline
 * scripts and styles by their hashes, `api/stats` of the same origin, and nothing else; no text may
 * become markup (`require-trusted-types-for`).
 */
export function dashboardCsp(): string {
  page ??= makePage();
  return page.csp;
}

const styleSheets = ['base', 'header', 'tiles', 'charts', 'partitions', 'errors'];

function makePage(): Page {
  const resolvePackage = createRequire(import.meta.url).resolve;
  const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
  const readUplot = (name: string) => readFileSync(resolvePackage(`uplot/dist/${name}`), 'utf8');
  const theme = inline(read('assets/theme-start.js'));
  const scripts = [readUplot('uPlot.iife.min.js'), read('assets/main.js')];
  const script = inline(scripts.join('\n'));
  const style = inline(
    [readUplot('uPlot.min.css'), ...styleSheets.map((name) => read(`assets/${name}.css`))].join('\n'),
  );
  return {
    // Replaced by functions: `$&` and the like in a script would be interpreted otherwise.
    html: read('assets/page.html')
      .replace('<!-- styles -->', () => `<style>${style}</style>`)
      .replace('<!-- theme -->', () => `<script>${theme}</script>`)
      .replace('<!-- scripts -->', () => `<script>${script}</script>`),
    csp: [
      "default-src 'none'",
      `script-src ${hash(theme)} ${hash(script)}`,
      `style-src ${hash(style)}`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
  };
}

/** Text that is safe inside `<script>` and `<style>`: it cannot end either of them. */
function inline(text: string): string {
  return text.replaceAll(/<(?=\/(?:script|style)|!--)/gi, '\\x3c').trim();
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
