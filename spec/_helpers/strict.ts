/**
 * Loaded into every spec worker (`require` of ava), and into the processes that specs start (`node --import`). A warning, such as too
 * many listeners or a deprecated call, fails as an error would. Ava itself fails on exceptions that nobody catches and rejections that
 * nobody handles; a plain process does so too, whatever NODE_OPTIONS says.
 */
process.on('warning', (warning) => {
  throw new Error(`The process warned: ${warning.name}: ${warning.message}`, { cause: warning });
});

process.on('unhandledRejection', (reason) => {
  throw reason;
});

export {};
