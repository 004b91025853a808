import { asError } from '../../source/kernel/as-error.ts';
import { hasMethods, isObject } from '../../source/kernel/is-object.ts';
import type { ColumnCommand } from './redis-columns.ts';
import type { RedisClient, RedisCommand, RedisReply } from './redis-client.ts';
import { commandBytes, type RedisArgument } from './redis-command-bytes.ts';

/**
 * Sends commands together. A single one is sent without a pipeline: making a pipeline takes longer
 * than a command of a hundred keys, and what it refers to is collected late. Not where the client
 * makes pipelines itself: it loses the name of what is sent by `callBuffer`, and ends the process
 * with a TypeError.
 */
export async function sendAll(client: RedisClient, commands: RedisCommand[]): Promise<readonly RedisReply[]> {
  const [only] = commands;
  const needsPipeline = commands.length > 1 || client.options.enableAutoPipelining === true;
  if (only === undefined || needsPipeline) return (await client.pipeline(commands).exec()) ?? [];
  try {
    return [[null, await sendOne(client, ready(only))]];
  } catch (error) {
    return [[asError(error), undefined]];
  }
}

/** Sends one command for all keys of a call. */
export async function sendColumn(client: RedisClient, command: ColumnCommand): Promise<RedisReply> {
  if (client.options.enableAutoPipelining === true) {
    const [reply] = await sendAll(client, [[command.method, command.name, command.args()]]);
    return reply ?? [null, undefined];
  }
  try {
    return [null, await sendOne(client, command)];
  } catch (error) {
    return [asError(error), undefined];
  }
}

/** A `Command` of ioredis. */
interface IoredisCommand {
  args: RedisArgument[];
  toWritable(): string | Buffer;
}

type CommandClass = new (
  name: string,
  args: readonly [],
  options: { readonly replyEncoding: 'utf8' | null },
) => IoredisCommand;

/** What takes a command that is ready. */
interface CommandSender {
  sendCommand(command: IoredisCommand): Promise<unknown>;
}

/** The class of the commands of each client; undefined where it has none. */
const classes = new WeakMap<RedisClient, CommandClass | undefined>();

/**
 * Sends one command, whose bytes are made here: see {@link commandBytes}. ioredis allows that, since
 * its own scripts do the same. What only resembles a client of ioredis makes the bytes itself.
 */
function sendOne(client: RedisClient, { method, name, args, bytes }: ColumnCommand): Promise<unknown> {
  const Command = commandClassOf(client);
  if (Command === undefined) return client[method](name, args());
  const command = new Command(name, [], { replyEncoding: method === 'call' ? 'utf8' : null });
  // Errors and traces show them, and a cluster finds the node by them. Given to the constructor, they
  // would be copied and looked through.
  Object.defineProperty(command, 'args', { get: args, enumerable: true, configurable: true });
  // Called when it is sent, and each time that it is sent again.
  command.toWritable = bytes;
  return (client as RedisClient & CommandSender).sendCommand(command);
}

function ready([method, name, args]: RedisCommand): ColumnCommand {
  return { method, name, args: () => args, bytes: () => commandBytes(name, args) };
}

function commandClassOf(client: RedisClient): CommandClass | undefined {
  if (!classes.has(client)) classes.set(client, findCommandClass(client));
  return classes.get(client);
}

/** A client does not say which class it makes commands of: one is made, and not sent. */
function findCommandClass(client: RedisClient): CommandClass | undefined {
  if (!hasMethods(client as unknown as Record<string, unknown>, ['sendCommand'])) return undefined;
  const maker = Object.create(client, {
    sendCommand: { value: (command: unknown) => command },
  }) as RedisClient;
  const made: unknown = maker.call('ping', []);
  // Another client may have sent it.
  if (made instanceof Promise) made.catch(() => undefined);
  const isCommand = isObject(made) && hasMethods(made, ['toWritable']) && Array.isArray(made['args']);
  return isCommand ? (made.constructor as CommandClass) : undefined;
}
