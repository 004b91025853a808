import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { isObject } from '../../source/kernel/is-object.ts';
import { messageOf } from '../../source/kernel/thrown-text.ts';
import { Beats } from './beats.ts';
import { BlockDetector, LOOK_MS } from './block-detector.ts';
import { HttpServer } from './http-server.ts';
import type { FromServer, ServerData, ToServer } from './messages.ts';
import { Questions } from './questions.ts';
import { Routes } from './routes.ts';

/**
 * The thread of a MonitorServer: HTTP, and what can be reported while the main thread does not
 * answer.
 */
const port = parentPort;
if (port === null) throw new Error('This module is the thread of a MonitorServer: do not import it');

function post(message: FromServer): void {
  port?.postMessage(message);
}

const data = workerData as ServerData;
const detector = new BlockDetector(new Beats(data.beats));
const questions = new Questions((id, question) => {
  post({ kind: 'ask', id, question });
});
const routes = new Routes({
  questions,
  eventLoop: () => detector.look(),
  blockedAfterMs: data.blockedAfterMs,
  about: { version: packageVersion(), host: hostname(), pid: process.pid, node: process.versions.node },
  page: async () => {
    // Loaded only when somebody opens the page.
    const { dashboardCsp, dashboardPage } = await import('../dashboard/page.ts');
    return { html: dashboardPage(), csp: dashboardCsp() };
  },
});

function packageVersion(): string {
  const json: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return isObject(json) ? String(json['version']) : 'unknown';
}

async function serve(): Promise<void> {
  const server = await HttpServer.listen({
    ...data,
    answer: (request) => routes.answer(request),
    onError: ({ message }) => {
      post({ kind: 'trouble', message });
    },
  });
  const looking = setInterval(() => detector.look(), LOOK_MS);
  port?.on('message', (message: ToServer) => {
    switch (message.kind) {
      case 'answer':
      case 'failed':
        questions.settle(message);
        return;
      case 'close':
        clearInterval(looking);
        void server.close().then(() => {
          port.close();
        });
    }
  });
  post({ kind: 'listening', address: server.address.address, port: server.address.port });
}

serve().catch((error: unknown) => {
  const code = isObject(error) && typeof error['code'] === 'string' ? error['code'] : '';
  post({ kind: 'refused', code, message: messageOf(error) });
});
