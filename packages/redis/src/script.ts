import { createHash } from 'node:crypto';
import { type Cluster, Command, type Redis } from 'ioredis';

/** What a script is called with. */
export type ScriptArgument = string | number | Buffer;

/**
 * A Lua script. As one that `defineCommand` makes, it is sent whole once to each connection and by its digest from then on;
 * but nothing is left of what a call carried. The functions of ioredis's commands are old from the start (V8 makes a
 * function literal that is assigned to a property in the old generation), so all they hold on to grows old with them.
 */
export class Script {
  readonly #lua: string;
  readonly #sha: string;
  readonly #known: WeakSet<object> = new WeakSet();

  constructor(lua: string) {
    this.#lua = lua;
    this.#sha = createHash('sha1').update(lua).digest('hex');
  }

  /** Calls it. Rejects as ioredis does. */
  async run(
    client: Redis | Cluster,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    try {
      return await this.#call(client, keys, args);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      // The server forgot it, and so has the call: this one is sent whole.
      return this.#call(client, keys, args);
    }
  }

  async #call(
    client: Redis | Cluster,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    const call = new Call(this.#lua, this.#sha, this.#known, keys, args, client.options.keyPrefix);
    try {
      return await client.sendCommand(call);
    } catch (error) {
      if ((error as Error).message.startsWith('NOSCRIPT')) call.forget();
      throw error;
    } finally {
      call.args.length = 0;
    }
  }
}

/** One call of a script. */
class Call extends Command {
  readonly #lua: string;
  readonly #sha: string;
  readonly #known: WeakSet<object>;
  #socket: object | undefined = undefined;

  constructor(
    lua: string,
    sha: string,
    known: WeakSet<object>,
    keys: readonly string[],
    args: readonly ScriptArgument[],
    keyPrefix: string | undefined,
  ) {
    const options = { replyEncoding: 'utf8' as const, ...(keyPrefix === undefined ? {} : { keyPrefix }) };
    super('evalsha', [sha, keys.length, ...keys, ...args], options);
    this.#lua = lua;
    this.#sha = sha;
    this.#known = known;
  }

  override toWritable(socket: object): string | Buffer {
    this.#socket = socket;
    const isKnown = this.#known.has(socket);
    this.#known.add(socket);
    this.name = isKnown ? 'evalsha' : 'eval';
    this.args[0] = isKnown ? this.#sha : this.#lua;
    return super.toWritable(socket);
  }

  /** The server behind its connection does not know the script any more. */
  forget(): void {
    if (this.#socket !== undefined) this.#known.delete(this.#socket);
  }
}
