import { MonitorServer } from '../../../metrics/server.ts';
import { fakeMonitored, fakeProvider } from './monitored.ts';

/** What the parent may ask of it. */
export type MonitorProcessCommand =
  { readonly blockMs: number } | { readonly problem: string } | { readonly close: true };

/**
 * A process with a MonitorServer that can be blocked. Sends its url, and does what it is asked to.
 */
const server = new MonitorServer({ port: 0, blockedAfterMs: 1_000 });
const processor = fakeMonitored('orders', fakeProvider());
const release = await server.watch(processor);
process.send?.(server.url);
process.on('message', (command: MonitorProcessCommand) => {
  if ('blockMs' in command) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, command.blockMs);
  else if ('problem' in command)
    processor.report = { healthy: false, degraded: false, ready: false, problems: [command.problem] };
  else {
    process.disconnect();
    void release();
  }
});
