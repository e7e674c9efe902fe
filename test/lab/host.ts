import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { BothendsError } from '@bothends/proto';
import { parseInterfaceAddress } from './addresses.js';
import { features, inNamespace } from './build.js';
import { type CommandOptions, type CommandResult, checkCommand, runCommand } from './command.js';
import { interfaceName, type LabConfig, type LinkEnd } from './config.js';
import { EndpointProcess } from './endpoint/process.js';
import type { EndpointSpec } from './endpoint/spec.js';
import { Recording, type RecordingOptions } from './recording.js';

export interface SpawnOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Default: all three are pipes. */
  stdio?: StdioOptions;
}

/** Packets and bytes that an nft counter has seen. */
export interface CounterValue {
  packets: number;
  bytes: number;
}

/** How long a process has to end by itself before it is killed: time to flush a file, not to finish a job. */
const STOP_GRACE_MS = 1_000;

/** One virtual host. Everything here happens in its network namespace. */
export class LabHost {
  readonly name: string;
  readonly namespace: string;
  readonly #config: LabConfig;
  readonly #management: string | null;
  readonly #children = new Set<ChildProcess>();

  constructor(name: string, namespace: string, config: LabConfig, management: string | null) {
    this.name = name;
    this.namespace = namespace;
    this.#config = config;
    this.#management = management;
  }

  /** Its first address on the data path. Throws `not-found` when it has none of that family. */
  address(family: 4 | 6 = 4): string {
    const all = this.#ends().flatMap(({ end }) => end.addresses.map(parseInterfaceAddress));
    const found = all.find((address) => address.family === family);
    if (found) return found.address;
    throw new BothendsError('not-found', `lab: ${this.name} has no IPv${family} address on the data path`);
  }

  /** Its address on the management network. Throws `not-found` when it is not on it. */
  get managementAddress(): string {
    if (this.#management !== null) return this.#management;
    throw new BothendsError('not-found', `lab: ${this.name} is not on the management network`);
  }

  /** The interface on the link to a neighbour; without a name, on its first link. */
  interface(neighbour?: string): string {
    const found = this.#ends().find(({ peer }) => neighbour === undefined || peer.host === neighbour);
    if (found) return interfaceName(found.end, found.peer);
    throw new BothendsError(
      'not-found',
      `lab: ${this.name} has no link${neighbour ? ` to ${neighbour}` : ''}`,
    );
  }

  /** Runs a program to its end; its exit status is the caller's to judge. */
  run(argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return runCommand(inNamespace(this.namespace, argv), options);
  }

  /** Runs a program that must succeed; returns its standard output. */
  check(argv: readonly string[], options?: CommandOptions): Promise<string> {
    return checkCommand(inNamespace(this.namespace, argv), options);
  }

  /** Starts a program that ends with the lab at the latest. Its pid is the program's own. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [file = '', ...args] = inNamespace(this.namespace, argv);
    const child = spawn(file, args, { stdio: 'pipe', ...options });
    this.#children.add(child);
    child.on('exit', () => this.#children.delete(child));
    return child;
  }

  /** Starts one end of a conversation; see `EndpointSpec` for what it can do. */
  endpoint(spec: EndpointSpec): EndpointProcess {
    return EndpointProcess.start(spec, (argv) => this.spawn(argv));
  }

  /** Starts tcpdump into a file; returns when it listens. */
  record(file: string, options: RecordingOptions = {}): Promise<Recording> {
    return Recording.start(file, options, (argv) => this.spawn(argv));
  }

  /** Adds to the nft rule set, in the syntax of `nft -f`. */
  async nft(ruleset: string): Promise<void> {
    await this.check(['nft', '-f', '-'], { input: ruleset });
  }

  /** A named nft counter, in whatever table. Throws `not-found` when no rule set declares it. */
  async counter(name: string): Promise<CounterValue> {
    const listing = JSON.parse(await this.check(['nft', '-j', 'list', 'counters'])) as NftCounters;
    const counter = listing.nftables.find((entry) => entry.counter?.name === name)?.counter;
    if (counter) return { packets: counter.packets, bytes: counter.bytes };
    throw new BothendsError('not-found', `lab: ${this.name} has no nft counter "${name}"`);
  }

  /** Reads a kernel setting of this host, or sets it first. */
  async sysctl(name: string, value?: string | number): Promise<string> {
    if (value !== undefined) await this.check(['sysctl', '-q', '-w', `${name}=${value}`]);
    return (await this.check(['sysctl', '-n', name])).trim();
  }

  /** Turns ethtool features of an interface on or off: `{ tso: false }`. */
  async offload(device: string, settings: Readonly<Record<string, boolean>>): Promise<void> {
    await this.check(['ethtool', '-K', device, ...features(settings)]);
  }

  /** How many packet sockets are open in it: one for each tap that captures. */
  async packetSockets(): Promise<number> {
    // A heading, then a line each.
    return (await this.check(['cat', '/proc/net/packet'])).trim().split('\n').length - 1;
  }

  /** Ends every process that `spawn` started and that still runs. */
  async stopProcesses(): Promise<void> {
    await Promise.all([...this.#children].map((child) => stop(child)));
  }

  #ends(): { end: LinkEnd; peer: LinkEnd }[] {
    return this.#config.links
      .flatMap(({ ends: [left, right] }) => [
        { end: left, peer: right },
        { end: right, peer: left },
      ])
      .filter(({ end }) => end.host === this.name);
  }
}

interface NftCounters {
  nftables: { counter?: { name: string; packets: number; bytes: number } }[];
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    child.on('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
    // A stopped process takes no SIGTERM until it goes on.
    child.kill('SIGCONT');
  });
}
