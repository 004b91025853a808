import { setMaxListeners } from 'node:events';

/**
 * An AbortController on whose signal any number may wait at the same time. From the eleventh on Node.js
 * would warn of a leak (MaxListenersExceededWarning), which calls that end by themselves are not.
 */
export function sharedAbort(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
