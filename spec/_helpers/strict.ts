/**
 * Loaded into every spec worker (`require` of ava), and into the processes that specs start
 * (`node --import`). A warning, such as too many listeners or a deprecated call, fails as an error
 * would. Ava itself fails on exceptions that nobody catches and rejections that nobody handles; a
 * plain process does so too, also if NODE_OPTIONS asks for something else.
 */
process.on('warning', (warning) => {
  if (isKafkajsTimer(warning)) return;
  throw new Error(`The process warned: ${warning.name}: ${warning.message}`, { cause: warning });
});

process.on('unhandledRejection', (reason) => {
  throw reason;
});

/**
 * From Node 24 on kafkajs's own clients, with which specs look at what ours did, warn at their
 * first request: they set a timer to a time long past
 * (https://github.com/tulios/kafkajs/issues/1751). It fires immediately, which does no harm.
 */
function isKafkajsTimer({ name, stack = '' }: Error): boolean {
  return name === 'TimeoutNegativeWarning' && stack.includes('kafkajs/src/network/requestQueue/');
}

export {};
