import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';

/** Asks V8 by one of its own functions, which source code can name only by a flag. */
function asked(name: string): (value: object) => boolean {
  setFlagsFromString('--allow-natives-syntax');
  return runInThisContext(`(value) => %${name}(value)`) as (value: object) => boolean;
}

/** Whether each element of an array costs a look-up. */
export const hasDictionary = asked('HasDictionaryElements');

/** Whether an object is where the next small collection finds it. */
export const isYoung = asked('InYoungGeneration');
