import type { ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BothendsError, type Report } from '@bothends/proto';
import { asPublished } from '../report/schema.js';
import { CaptureProcess } from './capture-process.js';
import type { CommandResult } from './command.js';
import type { LabHost } from './host.js';
import type { Lab } from './lab.js';
import { REPOSITORY_ROOT } from './paths.js';

/** The command as a user runs it: the built CLI in a process of its own. */
export const BOTHENDS: readonly string[] = [process.execPath, join(REPOSITORY_ROOT, 'cli/bin/bothends.js')];

export interface FleetOptions {
  /** Host of the coordinator and of the user; it needs the management network only. Default `coordinator`. */
  coordinator?: string;
  /** Hosts that run an agent under their own names. Default client and server. */
  agents?: readonly string[];
  /** Variables of every process besides the usual. */
  environment?: NodeJS.ProcessEnv;
  /** What all of them run at first; default the built CLI. */
  program?: readonly string[];
}

/** Starting a few node processes on a loaded two-core machine takes seconds, on one that stalls a minute. */
const START_TIMEOUT_MS = 90_000;
const POLL_MS = 50;
const GRPC_PORT = 7443;

/** A coordinator and its agents: real processes in the hosts of a lab, joined over TLS on the management network. */
export class Fleet implements AsyncDisposable {
  /** Data folders, logs and the context file. */
  readonly folder: string;
  readonly #lab: Lab;
  readonly #user: LabHost;
  readonly #processes = new Map<string, ChildProcess>();
  readonly #environmentOfAll: NodeJS.ProcessEnv;
  readonly #programs = new Map<string, readonly string[]>();
  readonly #program: readonly string[];

  private constructor(lab: Lab, user: LabHost, { environment = {}, program = BOTHENDS }: FleetOptions) {
    this.#environmentOfAll = environment;
    this.#program = program;
    this.folder = mkdtempSync(join(tmpdir(), 'bothends-fleet-'));
    this.#lab = lab;
    this.#user = user;
  }

  /** Returns when every agent is connected. Throws `unavailable` with the logs when that does not happen. */
  static async start(lab: Lab, options: FleetOptions = {}): Promise<Fleet> {
    const { coordinator = 'coordinator', agents = ['client', 'server'] } = options;
    const fleet = new Fleet(lab, lab.host(coordinator), options);
    try {
      await fleet.startCoordinator();
      await Promise.all(agents.map((name) => fleet.startAgent(name)));
      await fleet.connected(agents);
    } catch (thrown) {
      await fleet.stop();
      throw thrown;
    }
    return fleet;
  }

  /** What a process runs from its next start on, by its name; that of commands and captures is `user`. */
  use(program: readonly string[], ...names: readonly string[]): void {
    for (const name of names) this.#programs.set(name, program);
  }

  /** Starts the coordinator (again), and waits until it answers. */
  async startCoordinator(): Promise<void> {
    const address = this.#user.managementAddress;
    this.#start('coordinator', this.#user, [
      'coordinator',
      ...['--listen', `${address}:${GRPC_PORT}`, '--advertise', address],
      ...['--data', join(this.folder, 'coordinator')],
    ]);
    await this.#until('the coordinator answered', async () => (await this.run(['agents'])).code === 0);
  }

  /**
   * Joins a host, or starts its agent again: the second time it needs no token.
   * @param more arguments besides
   * @param where host that it runs on, when it is called otherwise; command that starts it with fewer rights
   */
  async startAgent(
    name: string,
    more: readonly string[] = [],
    where: { on?: string; under?: readonly string[] } = {},
  ): Promise<void> {
    const { on = name, under = [] } = where;
    const data = join(this.folder, name);
    const joined = mkdirSync(data, { recursive: true }) === undefined;
    const { options, token } = joined ? { options: [], token: '' } : await this.joinLine(name);
    const args = ['agent', ...options, '--name', name, '--data', data, ...more];
    this.#start(name, this.#lab.host(on), args, token, under);
  }

  /** A new join line for this name: the options of `bothends agent`, and the token that it reads from its input. */
  async joinLine(name: string): Promise<{ options: string[]; token: string }> {
    const { code, stdout, stderr } = await this.run(['join-token', '--name', name]);
    // A coordinator of the release before has the token among the options.
    const [, token = '', options = ''] = /^(?:echo (\S+) \| )?bothends agent (.+)$/.exec(stdout.trim()) ?? [];
    if (code === 0 && options !== '') return { token, options: options.split(' ') };
    throw new BothendsError('unavailable', `fleet: no join token: ${stderr.trim()}`);
  }

  /** Returns when all of these agents are connected, as after a trouble. */
  async connected(agents: readonly string[]): Promise<void> {
    await this.#until(`connected: ${agents.join(', ')}`, () => this.#online(agents));
  }

  /** Sends a signal to the coordinator or an agent, and waits for its end: SIGTERM, or SIGKILL for a crash. */
  async end(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#processes.get(name);
    if (!child) throw new BothendsError('not-found', `fleet: no process "${name}"`);
    this.#processes.delete(name);
    if (hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Id of a process that was started here. @throws BothendsError `not-found` */
  pid(name: string): number {
    const pid = this.#processes.get(name)?.pid;
    if (pid === undefined) throw new BothendsError('not-found', `fleet: no process "${name}"`);
    return pid;
  }

  /** What a process has logged so far. */
  log(name: string): string {
    return readFileSync(this.#logFile(name), 'utf8');
  }

  /** Sends a signal that does not end a process. */
  signal(name: string, signal: NodeJS.Signals): void {
    this.#processes.get(name)?.kill(signal);
  }

  /** Runs `bothends ARGUMENTS` to its end, as the administrator or with the context file of another user. */
  run(args: readonly string[], context?: string): Promise<CommandResult> {
    const env = this.#environment();
    return this.#user.run([...this.#programOf('user'), ...args], {
      env: context === undefined ? env : { ...env, BOTHENDS_CONTEXT: context },
    });
  }

  /** Starts `bothends capture ARGUMENTS` as the user. `echo` sees its output as it comes. */
  capture(args: readonly string[], echo?: (text: string) => void): CaptureProcess {
    const argv = [...this.#programOf('user'), 'capture', ...args];
    const child = this.#user.spawn(argv, { env: this.#environment() });
    return new CaptureProcess(child, echo);
  }

  /** The report of a capture, by id or name. */
  async report(capture: string): Promise<Report> {
    const { code, stdout, stderr } = await this.run(['report', capture, '-o', 'json']);
    if (code === 0) return asPublished(JSON.parse(stdout) as Report);
    throw new BothendsError('unavailable', `fleet: no report of ${capture}: ${stderr.trim()}`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((name) => this.end(name)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #start(
    name: string,
    host: LabHost,
    args: readonly string[],
    input = '',
    under: readonly string[] = [],
  ): void {
    const child = host.spawn([...under, ...this.#programOf(name), ...args], { env: this.#environment() });
    // A program that ends without reading its input is no error of ours.
    child.stdin?.on('error', () => undefined).end(input);
    const log = createWriteStream(this.#logFile(name), { flags: 'a' });
    child.stdout?.pipe(log);
    child.stderr?.pipe(log);
    this.#processes.set(name, child);
  }

  #programOf(name: string): readonly string[] {
    return this.#programs.get(name) ?? this.#program;
  }

  async #online(agents: readonly string[]): Promise<boolean> {
    const { code, stdout } = await this.run(['agents', '-o', 'json']);
    if (code !== 0) return false;
    const listed = stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AgentLine);
    return agents.every((name) => listed.some((agent) => agent.name === name && agent.online));
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
    while (!(await holds())) {
      const crashed = [...this.#processes].filter(([, child]) => hasEnded(child)).map(([name]) => name);
      if (crashed.length > 0 || deadline.aborted) {
        const why = crashed.length > 0 ? `${crashed.join(', ')} ended` : `${START_TIMEOUT_MS} ms passed`;
        const logs = [...this.#processes.keys()].map((name) => `${name}: ${this.log(name).trim()}`);
        throw new BothendsError('unavailable', `fleet: ${why} before ${what}\n${logs.join('\n')}`);
      }
      await sleep(POLL_MS);
    }
  }

  #logFile(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.#environmentOfAll, BOTHENDS_CONTEXT: join(this.folder, 'context.json') };
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

interface AgentLine {
  name: string;
  online: boolean;
}
