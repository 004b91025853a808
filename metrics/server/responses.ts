import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { takesGzip } from './accept.ts';

/** What a route answers with. */
export interface Response {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const compress = promisify(gzip);
/** Below this, compression saves less than a packet. */
const MIN_GZIP_BYTES = 1_400;

const always = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Response {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n`, headers };
}

export function json(status: number, body: string): Response {
  return { status, contentType: 'application/json; charset=utf-8', body: `${body}\n` };
}

/** Sends it, compressed if that is asked for and worth it; for HEAD without the body. */
export async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, contentType, body, headers }: Response,
): Promise<void> {
  const plain = Buffer.from(body);
  const isCompressed =
    plain.length >= MIN_GZIP_BYTES && takesGzip(request.headers['accept-encoding']?.toString());
  const bytes = isCompressed ? await compress(plain, { level: 1 }) : plain;
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    Vary: 'Accept, Accept-Encoding',
    ...(isCompressed && { 'Content-Encoding': 'gzip' }),
    ...always,
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
