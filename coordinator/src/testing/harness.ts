import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  BothendsClient,
  type CaptureState,
  type ExportEvidenceResponse,
  type StartCaptureRequest,
  type WatchCaptureResponse,
} from '@bothends/proto/gen/bothends/v1/bothends';
import { pino } from 'pino';
import { type CoordinatorHandle, type CoordinatorOptions, startCoordinator } from '../coordinator.js';
import type { Clock } from '../time.js';
import type { Credentials } from '../trust/ca.js';
import { type Context, readContext } from '../trust/context.js';
import { CLIENT_OPTIONS, clientCredentials, enrolOverWire, FakeAgent } from './fake-agent.js';
import { fakeAnalyst } from './fake-engine.js';

/** A coordinator on a free loopback port with a directory of its own, and clients to it. */
export class Harness {
  readonly dataDir: string;
  handle: CoordinatorHandle;
  context: Context;
  user: BothendsClient;
  readonly #agents: FakeAgent[] = [];
  readonly #credentials = new Map<string, Credentials>();

  private constructor(dataDir: string, handle: CoordinatorHandle, context: Context) {
    this.dataDir = dataDir;
    this.handle = handle;
    this.context = context;
    this.user = userClient(context);
  }

  static async start(options: Partial<CoordinatorOptions> = {}, clock?: Clock): Promise<Harness> {
    const dataDir = await mkdtemp(join(tmpdir(), 'bothends-coordinator-'));
    const handle = await run(dataDir, options, clock);
    return new Harness(dataDir, handle, await contextOf(handle));
  }

  /** Stops the coordinator and starts it again on the same directory, to which something may happen in between. */
  async restart(between: () => void = () => {}, options: Partial<CoordinatorOptions> = {}): Promise<void> {
    this.user.close();
    await this.handle.close();
    between();
    this.handle = await run(this.dataDir, options);
    this.context = await contextOf(this.handle);
    this.user = userClient(this.context);
  }

  async stop(): Promise<void> {
    for (const agent of this.#agents) agent.close();
    this.user.close();
    await this.handle.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Certificate of a newly joined agent. */
  async join(name: string): Promise<Credentials> {
    const { token } = await this.handle.createJoinToken(name);
    const own = await enrolOverWire(this.handle.address, this.context.caPem, token, name);
    this.#credentials.set(name, own);
    return own;
  }

  /** Certificate and key of a new user. */
  async createUser(name: string, role: string): Promise<Credentials> {
    return await call<Credentials>((done) => this.user.createUser({ name, role }, done));
  }

  /** An agent that has joined; it has not said hello yet. */
  async agent(name: string, own?: Credentials): Promise<FakeAgent> {
    const agent = new FakeAgent(
      name,
      this.handle.address,
      this.context.caPem,
      own ?? (await this.join(name)),
    );
    this.#agents.push(agent);
    return agent;
  }

  /** An agent that the coordinator has welcomed. */
  async online(name: string): Promise<FakeAgent> {
    const agent = await this.agent(name);
    agent.hello();
    await agent.next('welcome');
    return agent;
  }

  /** The same agent on a new link, with the taps that it still owns. */
  async return(name: string, tapIds: string[]): Promise<FakeAgent> {
    const agent = await this.agent(name, this.#credentials.get(name));
    agent.hello({ tapIds });
    await agent.next('welcome');
    return agent;
  }

  /** Starts a capture of two agents and leads it to recording. */
  async record(
    client: FakeAgent,
    server: FakeAgent,
    change: Partial<StartCaptureRequest> = {},
  ): Promise<string> {
    const id = await this.startCapture({ client: client.name, server: server.name, ...change });
    for (const [agent, role] of [
      [client, 'client'],
      [server, 'server'],
    ] as const) {
      await agent.next('arm');
      agent.state(`${id}-${role}`, 'armed');
    }
    for (const [agent, role] of [
      [client, 'client'],
      [server, 'server'],
    ] as const) {
      await agent.next('start');
      agent.state(`${id}-${role}`, 'recording');
    }
    await this.until(id, 'recording');
    return id;
  }

  async startCapture(change: Partial<StartCaptureRequest> = {}): Promise<string> {
    const request = { ...captureRequest(), ...change };
    return (await call<{ captureId: string }>((done) => this.user.startCapture(request, done))).captureId;
  }

  async report(captureId: string) {
    return JSON.parse(await this.reportText(captureId));
  }

  async reportText(captureId: string): Promise<string> {
    const request = { captureId };
    return (await call<{ reportJson: string }>((done) => this.user.getReport(request, done))).reportJson;
  }

  async evidence(captureId: string): Promise<ExportEvidenceResponse[]> {
    const all: ExportEvidenceResponse[] = [];
    for await (const message of this.user.exportEvidence({ captureId })) all.push(message);
    return all;
  }

  /** Asks for the agents until one is as the test waits for. */
  async agentsWith(holds: (agent: Agent) => boolean): Promise<void> {
    while (true) {
      const { agents } = await call<{ agents: Agent[] }>((done) => this.user.listAgents({}, done));
      if (agents.some(holds)) return;
    }
  }

  /** True when some file of the data directory holds these bytes. */
  async isOnDisk(bytes: Buffer): Promise<boolean> {
    const entries = await readdir(this.dataDir, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((candidate) => candidate.isFile())) {
      if ((await readFile(join(entry.parentPath, entry.name))).includes(bytes)) return true;
    }
    return false;
  }

  async state(captureId: string): Promise<CaptureState> {
    const { captures } = await call<{ captures: CaptureState[] }>((done) => this.user.listCaptures({}, done));
    const found = captures.find(({ id }) => id === captureId);
    if (found === undefined) throw new Error(`no capture ${captureId} in the list`);
    return found;
  }

  /** Watches until the predicate holds; returns that message. */
  async watchUntil(
    captureId: string,
    holds: (message: WatchCaptureResponse & { capture: CaptureState }) => boolean,
  ): Promise<WatchCaptureResponse & { capture: CaptureState }> {
    const stream = this.user.watchCapture({ captureId });
    stream.on('error', () => {});
    for await (const message of stream as AsyncIterable<WatchCaptureResponse & { capture: CaptureState }>) {
      if (!holds(message)) continue;
      stream.cancel();
      return message;
    }
    throw new Error(`the watch of ${captureId} ended before what the test waits for`);
  }

  async until(captureId: string, state: string): Promise<CaptureState> {
    return (await this.watchUntil(captureId, ({ capture }) => capture.state === state)).capture;
  }
}

/** A unary call as a promise. */
export async function call<Response>(
  invoke: (done: (error: Error | null, response: Response) => void) => unknown,
): Promise<Response> {
  return await new Promise((resolve, reject) => {
    invoke((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

export function captureRequest(): StartCaptureRequest {
  return {
    client: 'web',
    server: 'db',
    filter: 'port 443',
    name: '',
    interface: '',
    snaplen: 0,
    durationMs: 60_000n,
    maxPackets: 0n,
    backEnd: '',
    port: 443,
    noMarker: false,
    until: '',
  };
}

export function userClient({ address, caPem, certificatePem, keyPem }: Context): BothendsClient {
  return new BothendsClient(address, clientCredentials(caPem, { certificatePem, keyPem }), CLIENT_OPTIONS);
}

async function run(
  dataDir: string,
  options: Partial<CoordinatorOptions> = {},
  clock?: Clock,
): Promise<CoordinatorHandle> {
  return await startCoordinator(
    { grpcAddress: '127.0.0.1:0', ...options, dataDir },
    {
      logger: pino({ level: process.env.BOTHENDS_TEST_LOG ?? 'silent' }),
      analyst: fakeAnalyst(),
      ...(clock && { clock }),
    },
  );
}

async function contextOf({ contextPath }: CoordinatorHandle): Promise<Context> {
  const context = await readContext(contextPath);
  if (context === null) throw new Error(`no context in ${contextPath}`);
  return context;
}
