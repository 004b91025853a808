import { createHash } from 'node:crypto';

/** The dashboard with the headers that let a browser run it, and nothing else. */
export interface PageResponse {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Scripts and styles are allowed by their hash, one by one: what a value of a topic might smuggle into the page is not run. */
export function pageResponse(html: string): PageResponse {
  const policy = [
    "default-src 'none'",
    `script-src ${hashes(html, 'script')}`,
    `style-src ${hashes(html, 'style')}`,
    // Sizes and places that the page computes.
    "style-src-attr 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { body: html, headers: { 'Content-Security-Policy': policy } };
}

function hashes(html: string, element: 'script' | 'style'): string {
  const contents = html.matchAll(new RegExp(`<${element}\\b[^>]*>([\\s\\S]*?)</${element}\\s*>`, 'gi'));
  const sources = Array.from(contents, ([, text = '']) => {
    // As a browser reads it.
    const hash = createHash('sha256').update(text.replace(/\r\n?/g, '\n')).digest('base64');
    return `'sha256-${hash}'`;
  });
  return sources.length === 0 ? "'none'" : [...new Set(sources)].join(' ');
}
