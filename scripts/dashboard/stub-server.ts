import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PageReport } from '../../metrics/dashboard/model/page-report.ts';
import { dashboardCsp, dashboardPage } from '../../metrics/dashboard/page.ts';

/** Serves the dashboard, as the monitor server does, with reports that its owner fabricates. */
export class StubServer {
  /** What `api/stats` answers; undefined: the connection breaks. */
  answer: (() => PageReport | string) | undefined;
  /** An answer breaks off in its middle. */
  isCut = false;
  /** How often `api/stats` was asked for, and answered. */
  asked = 0;
  answers = 0;
  readonly #prefix: string;
  readonly #server = createServer((request, response) => {
    this.#handle(request, response);
  });

  private constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /**
   * @param prefix what a proxy in front of the server would have added to its paths: `/jobs/orders`
   */
  static async start(answer: StubServer['answer'], prefix = ''): Promise<StubServer> {
    const server = new StubServer(prefix);
    server.answer = answer;
    await new Promise<void>((resolve) => {
      server.#server.listen(0, '127.0.0.1', resolve);
    });
    return server;
  }

  /** Of the page. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#prefix}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle({ url = '' }: IncomingMessage, response: ServerResponse): void {
    if (url === `${this.#prefix}/` || (url === this.#prefix && url !== '')) {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('content-security-policy', dashboardCsp());
      response.end(dashboardPage());
    } else if (url === `${this.#prefix}/api/stats`) {
      this.asked++;
      if (this.answer === undefined) {
        response.destroy();
        return;
      }
      this.answers++;
      const answer = this.answer();
      response.setHeader('content-type', 'application/json');
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
      if (this.isCut) response.write(text.slice(0, text.length / 2), () => response.destroy());
      else response.end(text);
    } else {
      response.statusCode = 404;
      response.end();
    }
  }
}
