import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { BothendsError, podText, toBothendsError } from '@bothends/proto';
import { captureArguments } from '../capture/tcpdump/arguments.js';
import { programEnvironment, TCPDUMP } from '../capture/tcpdump/program.js';
import { networkNamespace } from '../host/rights.js';
import { type Account, inNamespace, interfacesIn, LIST_INTERFACES, SEND_DATAGRAM } from './inside.js';
import type { NodeFiles } from './node-files.js';
import { podsOfNode } from './node-pods.js';
import { outputOf } from './output-of.js';
import type { Pod } from './pod.js';
import type { Channel, FromBroker, PodNetwork, Request } from './protocol.js';
import { requestOf } from './requests.js';

export interface BrokerOptions {
  readonly files: NodeFiles;
  /** Who tcpdump runs as; null: as this process. */
  readonly account: Account | null;
  /** Process of the agent, whose descriptors packets are written to. */
  readonly agentPid: number;
}

/**
 * The privileged half of an agent that captures in pods. It enters the networks of pods, and nothing else, for the
 * unprivileged half, which parses packets: that one names pods and gets pipes.
 */
export class PodBroker {
  readonly #options: BrokerOptions;
  readonly #channel: Channel;
  readonly #captures = new Map<number, ChildProcess>();

  /** Answers until the agent is gone; what it captures ends then. */
  constructor(options: BrokerOptions, channel: Channel) {
    this.#options = options;
    this.#channel = channel;
    channel.onMessage((message) => void this.#take(message));
    channel.onClose(() => {
      for (const child of this.#captures.values()) child.kill('SIGTERM');
    });
  }

  async #take(message: unknown): Promise<void> {
    const known = requestOf(message);
    if (known === null) return;
    const { number, request } = known;
    try {
      this.#send({ answer: number, value: await this.#answer(request) });
    } catch (error) {
      const fault = toBothendsError(error);
      this.#send({ answer: number, fault: { code: fault.code, message: fault.message } });
    }
  }

  async #answer(request: Request): Promise<unknown> {
    switch (request.ask) {
      case 'pods': {
        const { pods, lookedAt, answered } = await podsOfNode(this.#options.files);
        return {
          pods: pods.map(({ namespace, name, uid }) => ({ namespace, name, uid })),
          lookedAt,
          answered,
        };
      }
      case 'network':
        return await this.#inPod(request.pod, async (fd, inode) => await this.#network(fd, inode));
      case 'capture':
        return await this.#inPod(request.pod, async (fd) => this.#capture(request, fd));
      case 'signal':
        return this.#captures.get(request.capture)?.kill(request.signal) ?? false;
      case 'datagram':
        return await this.#inPod(request.pod, async (fd) => {
          await this.#run([...SEND_DATAGRAM, request.address, String(request.port), request.payload], fd);
        });
    }
  }

  /** Does something with the pod's network namespace open, and known to be that of no node. */
  async #inPod<Result>(pod: Pod, use: (fd: number, inode: string) => Promise<Result>): Promise<Result> {
    const { pods } = await podsOfNode(this.#options.files);
    const record = pods.find(({ uid, name, namespace }) => isSame(pod, { uid, name, namespace }));
    const network = (await record?.network()) ?? { kind: 'ended' };
    if (network.kind === 'ended') {
      throw new BothendsError(
        'not-found',
        `${podText(pod)} has ended: look at kubectl get pods, and name it anew`,
      );
    }
    if (network.kind === 'of-node') throw nodesOwn(pod);
    const fd = openSync(network.file, constants.O_RDONLY);
    try {
      const inode = String(fstatSync(fd).ino);
      // A capture of the node itself is another thing to allow.
      if ([networkNamespace('self'), networkNamespace('1')].includes(inode)) throw nodesOwn(pod);
      return await use(fd, inode);
    } finally {
      closeSync(fd);
    }
  }

  async #network(fd: number, namespace: string): Promise<PodNetwork> {
    return { namespace, interfaces: interfacesIn(await this.#run(LIST_INTERFACES, fd)) };
  }

  #capture({ capture, wish, output }: Request & { ask: 'capture' }, namespace: number): void {
    const { account, agentPid } = this.#options;
    if (this.#captures.has(capture))
      throw new BothendsError('already-exists', `capture ${capture} runs already`);
    const pipe = openPipe(`/proc/${agentPid}/fd/${output}`);
    try {
      const asRoot = account === null || account.uid === 0;
      const [program, ...args] = inNamespace(account, [TCPDUMP, ...captureArguments(wish, asRoot)]);
      const stdio = ['ignore', pipe, 'pipe', namespace] as const;
      this.#watch(capture, spawn(program, args, { env: programEnvironment(), stdio: [...stdio] }));
    } finally {
      closeSync(pipe);
    }
  }

  #watch(capture: number, child: ChildProcess): void {
    this.#captures.set(capture, child);
    child.stderr?.setEncoding('utf8').on('data', (says: string) => this.#send({ capture, says }));
    const over = (status: number | null, signal: string | null) => {
      if (this.#captures.delete(capture)) this.#send({ capture, status, signal });
    };
    child.once('error', (error: NodeJS.ErrnoException) => over(null, error.code ?? error.message));
    child.once('close', over);
  }

  /** What a short command in the namespace prints. @throws BothendsError `unavailable` with what it complains of */
  async #run(command: readonly string[], namespace: number): Promise<string> {
    const [program, ...args] = inNamespace(this.#options.account, command);
    return await outputOf(program, args, namespace);
  }

  #send(message: FromBroker): void {
    this.#channel.send(message);
  }
}

const isSame = (a: Pod, b: Pod) => a.uid === b.uid && a.name === b.name && a.namespace === b.namespace;

function nodesOwn(pod: Pod): BothendsError {
  return new BothendsError(
    'failed-precondition',
    `${podText(pod)} has no network of its own but its node's (hostNetwork): capture the node, with a filter`,
  );
}

/** The agent's own descriptor, opened again: only a pipe is written to, whatever else it may point at. */
function openPipe(path: string): number {
  // Without waiting for a reader that may not be there, then as tcpdump needs it: with writes that wait.
  const probe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    if (fstatSync(probe).isFIFO()) return openSync(`/proc/self/fd/${probe}`, constants.O_WRONLY);
    throw new BothendsError('invalid-argument', 'packets are written to a pipe only');
  } finally {
    closeSync(probe);
  }
}
