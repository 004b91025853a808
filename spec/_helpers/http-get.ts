import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { until } from './until.ts';

/** An answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

/** A connection for each request, so that none is left open. */
const agent = new Agent({ keepAlive: false });

/** Asks once, with node:http: unlike fetch it lets all headers be set. */
export function httpGet(
  url: string,
  {
    method = 'GET',
    headers = {},
    timeoutMs = 10_000,
  }: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly timeoutMs?: number;
  } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, headers, agent, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text: bytes.toString(),
          });
        });
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}

/** Asks, and reads the answer as JSON. */
export async function getJson(url: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const { status, text } = await httpGet(url);
  return { status, body: JSON.parse(text) };
}

/** Waits for a status of health; resolves with the problems, and how long it took. */
export async function untilHealth(
  url: string,
  status: 200 | 503,
): Promise<{ problems: string[]; ms: number }> {
  const began = performance.now();
  const problems = await until(
    async () => {
      const answer = await getJson(`${url}/healthz`);
      return answer.status === status && (answer.body as { problems: string[] }).problems;
    },
    { deadlineMs: 60_000, what: `health to be ${status}` },
  );
  return { problems, ms: performance.now() - began };
}
