export { logFormats, logLevels, winstonLogger } from './winston-logger.ts';
export type { LogFormat, LogLevel, WinstonLoggerOptions } from './winston-logger.ts';
