import { setTimeout as sleep } from 'node:timers/promises';
import { BothendsError } from '@bothends/proto';
import type { EndpointProcess, Lab, LabHost, Step } from '../lab/index.js';
import { Middlebox } from '../lab/middlebox/middlebox.js';
import type { BoxRule } from '../lab/middlebox/rules.js';
import { BOX } from '../lab/middlebox/topology.js';

/** The two ends of a conversation that is under way. */
export interface Pair {
  readonly client: EndpointProcess;
  readonly server: EndpointProcess;
}

/** Settings of the two ends, as far as a scenario cares. */
export interface PairOptions {
  readonly backlog?: number;
  readonly keepAliveMs?: number;
  readonly clientPort?: number;
  readonly serverReads?: boolean;
}

/** A rule that does harm. */
export interface Fault {
  /** Waits until it has hit so many packets; returns how many. */
  hits(atLeast: number): Promise<number>;
  lift(): Promise<unknown>;
}

/** What a scenario acts on. */
export class Stage {
  readonly lab: Lab;
  readonly family: 4 | 6;
  readonly port: number;

  constructor(lab: Lab, family: 4 | 6, port: number) {
    this.lab = lab;
    this.family = family;
    this.port = port;
  }

  get client(): LabHost {
    return this.lab.host('client');
  }

  get server(): LabHost {
    return this.lab.host('server');
  }

  get serverAddress(): string {
    return this.server.address(this.family);
  }

  /** A server with these steps, listening. */
  async listen(steps: readonly Step[], options: PairOptions = {}): Promise<EndpointProcess> {
    const { backlog, serverReads } = options;
    const server = this.server.endpoint({
      role: 'listen',
      port: this.port,
      steps,
      ...(backlog !== undefined && { backlog }),
      ...(serverReads !== undefined && { reading: serverReads }),
    });
    await server.waitFor('listening');
    return server;
  }

  /** A client with these steps; whether it gets through is the scenario's business. */
  connect(steps: readonly Step[], options: PairOptions = {}): EndpointProcess {
    const { keepAliveMs, clientPort } = options;
    return this.client.endpoint({
      role: 'connect',
      address: this.serverAddress,
      port: this.port,
      steps,
      ...(keepAliveMs !== undefined && { keepAliveMs }),
      ...(clientPort !== undefined && { local: { port: clientPort } }),
    });
  }

  /** Both ends, connected. */
  async pair(client: readonly Step[], server: readonly Step[], options: PairOptions = {}): Promise<Pair> {
    const listening = await this.listen(server, options);
    const connecting = this.connect(client, options);
    await Promise.all([connecting.waitFor('connected'), listening.waitFor('connected')]);
    return { client: connecting, server: listening };
  }

  /** A short exchange on another port, so that both captures show that their taps work. */
  async control(): Promise<void> {
    const server = this.server.endpoint({ role: 'listen', port: CONTROL_PORT, steps: [{ do: 'echo' }] });
    await server.waitFor('listening');
    const steps = [{ do: 'send', bytes: 400 } as const, { do: 'receive', bytes: 400 } as const];
    const client = this.client.endpoint({
      role: 'connect',
      address: this.serverAddress,
      port: CONTROL_PORT,
      steps,
    });
    await client.exited;
    await server.waitFor('closed');
    await server.stop();
  }

  /** Starts the in-line box of the boxed chain. */
  box(...rules: BoxRule[]): Promise<Middlebox> {
    return Middlebox.start(this.lab.host(BOX.host), BOX.clientSide, BOX.serverSide, { rules });
  }

  /** Puts a rule at a hook of a host; what it hits is counted. One per host at a time. */
  async fault(
    host: LabHost,
    hook: 'forward' | 'input' | 'output',
    match: string,
    verdict: string,
  ): Promise<Fault> {
    await host.nft(`table inet fault {
      counter hits { }
      chain here {
        type filter hook ${hook} priority 0;
        ${match} counter name hits ${verdict}
      }
    }`);
    return {
      hits: (atLeast) => this.counted(host, 'hits', atLeast),
      lift: () => host.check(['nft', 'delete', 'table', 'inet', 'fault']),
    };
  }

  /** A counter of a host's TCP/IP stack, `TcpOutRsts`, since the lab began. */
  async kernelCounter(host: LabHost, name: string): Promise<number> {
    const text = await host.check(['nstat', '-asz', name]);
    return Number(new RegExp(`${name}\\s+(\\d+)`).exec(text)?.[1]);
  }

  wait(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** Waits until a named nft counter of a host has counted so many packets; returns its count. */
  async counted(host: LabHost, counter: string, packets: number): Promise<number> {
    for (let waited = 0; waited < COUNTER_LIMIT_MS; waited += COUNTER_POLL_MS) {
      const value = (await host.counter(counter)).packets;
      if (value >= packets) return value;
      await sleep(COUNTER_POLL_MS);
    }
    throw new BothendsError(
      'unavailable',
      `scenario: counter ${counter} of ${host.name} stayed below ${packets}`,
    );
  }
}

/** A port that no scenario uses. */
const CONTROL_PORT = 9_999;
/** Several times four SYN retransmissions, the slowest thing that scenarios wait for. */
const COUNTER_LIMIT_MS = 60_000;
const COUNTER_POLL_MS = 50;

/** Throws when the lab did not do what the scenario needs: a capture of something else would be worse than none. */
export function certain(fact: boolean, what: string): void {
  if (!fact) throw new BothendsError('failed-precondition', `scenario: ${what}`);
}
