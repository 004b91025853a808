import { services, type LocalOptions, type LocalService, type ServiceName } from './catalogue.ts';
import { composeDown, composeUp, hasDockerCompose } from './compose.ts';
import { isListening } from './listening.ts';

/** A service that can be used now. */
export interface ProvidedService {
  readonly name: ServiceName;
  readonly addresses: readonly string[];
  /** Found listening, or started by us: in containers, or as processes. */
  readonly how: 'listening' | 'compose' | 'local';
  /** Ends what was started for this; a service that was found listening is left alone. */
  stop(): Promise<void>;
  /** The processes behind 'local'. */
  readonly local: LocalService | undefined;
}

/**
 * Gives a service: the one that listens on its usual port already, else containers of compose.yaml,
 * else processes of this machine.
 *
 * @throws MissingServiceError if it cannot be had in any of these ways
 * @throws Error if it should be started on its usual port, and something else listens there
 */
export async function provideService(name: ServiceName, options: LocalOptions): Promise<ProvidedService> {
  const service = services[name];
  const usual = service.ports.map((port) => `127.0.0.1:${port}`);
  const busy = (await Promise.all(service.ports.map(isListening))).some(Boolean);
  if (busy) {
    try {
      await service.check();
      return { name, addresses: usual, how: 'listening', stop: () => Promise.resolve(), local: undefined };
    } catch (cause) {
      if (options.ports === 'default') {
        throw new Error(`${service.title} cannot be started on ${usual.join(', ')}: ${String(cause)}`, {
          cause,
        });
      }
    }
  } else if (await hasDockerCompose()) {
    await composeUp(service.composeServices);
    const stop = () => composeDown(service.composeServices);
    return { name, addresses: usual, how: 'compose', stop, local: undefined };
  }
  const local = await service.startLocal(options);
  return { name, addresses: local.addresses, how: 'local', stop: () => local.stop(), local };
}
