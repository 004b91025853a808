import { chromium, type Browser } from 'playwright-core';
import { findProgram } from '../services/programs.ts';

/** Debian's Chromium, without a window. @throws Error where it is not installed */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findProgram('chromium');
  if (executablePath === undefined)
    throw new Error('There is no chromium on the PATH. On Debian: apt-get install chromium');
  return chromium.launch({
    executablePath,
    args: [
      // The sandbox does not work for root, as in containers.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}
