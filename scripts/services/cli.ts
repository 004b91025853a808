import { serviceNames, services, type ServiceName } from './catalogue.ts';
import { isListening } from './listening.ts';
import { provideService } from './provide.ts';
import { detachedFolder, recordStarted, stopRecorded } from './started-record.ts';

const usage = `Usage: npm run services -- start|stop|status [${serviceNames.join('|')}] ...

start    starts the services on their usual ports, in containers or as processes; default: kafka, redis, elasticsearch
stop     ends what start started; default: all
status   says which services listen on their usual ports; default: all`;

const commands = { start, stop, status } as const;

async function start(name: ServiceName): Promise<string> {
  const provided = await provideService(name, {
    ports: 'default',
    lifetime: 'detached',
    folder: detachedFolder(name),
  });
  await recordStarted(provided);
  const how = { listening: 'was listening already', compose: 'started by Docker', local: 'started' };
  return `${provided.addresses.join(',')} ${how[provided.how]}`;
}

async function stop(name: ServiceName): Promise<string> {
  return (await stopRecorded(name)) ? 'stopped' : 'was not started by this command';
}

async function status(name: ServiceName): Promise<string> {
  const service = services[name];
  const { ports } = service;
  if (!(await Promise.all(ports.map(isListening))).some(Boolean)) return `nothing on ${ports.join(', ')}`;
  try {
    await service.check();
    return `listening on ${ports.join(', ')}`;
  } catch (error) {
    return String(error);
  }
}

async function main([command = '', ...names]: readonly string[]): Promise<number> {
  if (!isCommand(command) || !names.every(isServiceName)) {
    console.error(usage);
    return 2;
  }
  const defaults = command === 'start' ? serviceNames.filter((name) => name !== 'kafka3') : serviceNames;
  let failed = false;
  for (const name of names.length > 0 ? names : defaults) {
    try {
      console.log(`${services[name].title}: ${await commands[command](name)}`);
    } catch (error) {
      console.error(`${services[name].title}: ${error instanceof Error ? error.message : String(error)}`);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

function isCommand(text: string): text is keyof typeof commands {
  return Object.hasOwn(commands, text);
}

function isServiceName(text: string): text is ServiceName {
  return (serviceNames as readonly string[]).includes(text);
}

process.exitCode = await main(process.argv.slice(2));
