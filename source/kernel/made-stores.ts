import { isObject } from './is-object.ts';
import { isRefusedPromise } from './refused-promise.ts';
import { show } from './shown-value.ts';

/** Why this is not what a job's function `stores` must give; undefined if it may be. */
export function problemOfMadeStores(made: unknown): string | undefined {
  if (isRefusedPromise(made))
    return 'the function `stores` gives a promise; it must give the stores: await what they need before `export default`';
  if (!isObject(made))
    return `the function \`stores\` must give an object { name: store }, not ${show(made)}`;
  return undefined;
}
