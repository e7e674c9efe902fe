import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityCredentials } from '@bothends/agent/uplink/credentials';
import { readContext } from '@bothends/coordinator';
import { BothendsClient } from '@bothends/proto/gen/bothends/v1/bothends';
import { BOTHENDS } from '../../lab/fleet.js';
import { call, MESSAGE_OPTIONS } from './call.js';

/** A coordinator in a process of its own, and an administrator's connection to it. */
export class BenchCoordinator implements AsyncDisposable {
  readonly pid: number;
  readonly client: BothendsClient;
  /** Context file of its administrator. */
  readonly context: string;
  /** `host:port` of its page; `off` without one. */
  readonly page: string;
  readonly #address: string;
  readonly #child: ChildProcess;

  private constructor(
    child: ChildProcess,
    client: BothendsClient,
    { address, context, page }: { address: string; context: string; page: string },
  ) {
    this.page = page;
    this.#child = child;
    this.context = context;
    this.#address = address;
    this.pid = child.pid ?? 0;
    this.client = client;
  }

  /** Returns when it listens; `web`: with the page. Throws with its log when it ends before. */
  static async start(folder: string, web = false): Promise<BenchCoordinator> {
    const data = join(folder, 'coordinator');
    const [program = '', ...args] = BOTHENDS;
    const listen = `127.0.0.1:${await freePort()}`;
    const page = web ? `127.0.0.1:${await freePort()}` : 'off';
    const child = spawn(
      program,
      [...args, 'coordinator', '--listen', listen, '--web', page, '--data', data],
      {
        env: { ...process.env, BOTHENDS_CONTEXT: join(folder, 'context.json') },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    // Should this process fail, its coordinator goes too.
    process.once('exit', () => child.kill('SIGKILL'));
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-4096);
    });
    // It prints its join line when it listens.
    const first = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => null)]);
    if (first === null) throw new Error(`the coordinator did not start: ${log.trim()}`);
    child.stdout.resume();
    const context = await readContext(join(data, 'context.json'));
    if (context === null) throw new Error('the coordinator wrote no context file');
    const own = identityCredentials(context);
    const client = new BothendsClient(context.address, own, MESSAGE_OPTIONS);
    const { address } = context;
    return new BenchCoordinator(child, client, { address, page, context: join(data, 'context.json') });
  }

  /** Options of a join line for an agent of this name. */
  async joinLine(name: string): Promise<{ address: string; token: string; caHash: string }> {
    const { token, joinLine } = await call<{ token: string; joinLine: string }>((done) =>
      this.client.createJoinToken({ name, validMs: 0n }, done),
    );
    const caHash = /sha256:[0-9a-f]{64}/.exec(joinLine)?.[0] ?? '';
    return { address: this.#address, token, caHash };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** A port of the loopback that nobody has now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

/** Asks until it holds. Throws when it does not within `timeoutMs`. */
export async function until(what: string, timeoutMs: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  while (!(await holds())) {
    if (deadline.aborted) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** Fine enough for what takes a second, rare enough not to be the load that is measured. */
const POLL_MS = 100;
