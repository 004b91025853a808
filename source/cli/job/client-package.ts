import { ConfigError } from '../../index.ts';

/**
 * Imports the package of a store's client, which is needed only by those who use that store.
 *
 * @throws ConfigError that says how to install it
 */
export async function clientPackage<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new ConfigError([`the package ${name} is not installed: npm install ${name}`], {
      what: 'Stores',
      cause,
    });
  }
}
