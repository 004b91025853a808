import { promisify } from 'node:util';
import { unzip } from 'node:zlib';
import { AnswerError } from './elasticsearch-errors.ts';
import { fieldsOf } from './json-slices.ts';

const inflate = promisify(unzip);

/** What the transport gives with `meta`. */
export interface Answer<Body> {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Body;
}

/** @throws AnswerError for what cannot be read: the client passes its own `headers` on */
export function checkJson({ 'content-type': type = 'nothing' }: Answer<unknown>['headers']): void {
  if (!/^application\/([\w.+-]+\+)?json\b/.test(type)) throw new AnswerError(type);
}

/**
 * The response of a request that was made `asStream`, which the client neither inflates nor parses.
 */
export async function rawAnswer(response: unknown): Promise<{ statusCode: number; body: Buffer }> {
  const { statusCode, headers, body } = response as Answer<AsyncIterable<Buffer>>;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  if (statusCode < 300) checkJson(headers);
  const bytes = Buffer.concat(chunks);
  const isCompressed = /gzip|deflate/.test(headers['content-encoding'] ?? '');
  return { statusCode, body: isCompressed ? await inflate(bytes) : bytes };
}

/** The error of an answer, or its text if a proxy wrote it. */
export function errorOf(body: Buffer): unknown {
  try {
    return parsed(fieldsOf(body).get('error'));
  } catch {
    return body.toString('utf8', 0, 200);
  }
}

/** JSON as a value; undefined for nothing. */
export function parsed(json: Buffer | undefined): unknown {
  return json === undefined ? undefined : JSON.parse(json.toString());
}
