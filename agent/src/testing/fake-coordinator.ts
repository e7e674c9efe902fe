import { PROTOCOL } from '@bothends/proto';
import type {
  AgentLinkServer,
  ControlRequest,
  ControlResponse,
  Heartbeat,
  Hello,
  SendRawRequest,
  ShipRequest,
  ShipResponse,
  TapState,
} from '@bothends/proto/gen/bothends/v1/agent';
import { AgentLinkService } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceError, status } from '@grpc/grpc-js';

type ControlCall = ServerDuplexStream<ControlRequest, ControlResponse>;
type ShipCall = ServerDuplexStream<ShipRequest, ShipResponse>;

/** A coordinator for tests: real gRPC on loopback, everything it is told kept in memory, its faults under control. */
export class FakeCoordinator {
  readonly hellos: Hello[] = [];
  readonly heartbeats: Heartbeat[] = [];
  readonly states: TapState[] = [];
  /** What is committed, by tap, in the order of commits. */
  readonly committed = new Map<string, Batch[]>();
  /** Sequence numbers in the order that they arrived, duplicates included. */
  readonly arrived: number[] = [];
  /** False: batches are taken and not committed. */
  commits = true;
  /** False: it reads nothing more from Ship streams. */
  reads = true;
  /** False: heartbeats get no answer. */
  answers = true;
  /** Set: every batch is answered with this refusal. */
  refusal = '';
  /** Certificate requests that came, and what they are answered with. */
  readonly renewals: Buffer[] = [];
  /** What came of raw packets. */
  readonly raw: SendRawRequest[] = [];
  renewed: (csr: Buffer) => string = () => '';
  /** Authorities in its answers, PEM, and what its welcome calls them. */
  caPem = '';
  authorities = '';
  port = 0;
  #server: Server | null = null;
  #control: ControlCall | null = null;
  #ship: ShipCall | null = null;
  #uncommitted: Batch[] = [];

  /** Listens on loopback; a second start takes the same port, as a coordinator that was restarted does. */
  async start(): Promise<void> {
    const server = new Server({ 'grpc.max_receive_message_length': -1 });
    const service: AgentLinkServer = {
      control: (call) => this.#controlled(call),
      ship: (call) => this.#shipped(call),
      sendRaw: (call, callback) => {
        call.on('data', (message) => this.raw.push(message));
        call.on('end', () => callback(null, {}));
      },
      renewAgent: ({ request }, callback) => {
        this.renewals.push(request.csr);
        callback(null, { certificatePem: this.renewed(request.csr), caPem: this.caPem });
      },
    };
    server.addService(AgentLinkService, service);
    this.port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.port}`, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    this.#server = server;
  }

  /** Gone at once, as after kill -9; what was not committed is forgotten. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = null;
    this.#uncommitted = [];
  }

  get target(): string {
    return `127.0.0.1:${this.port}`;
  }

  welcome(): void {
    const value = { coordinatorVersion: 'fake', protocol: PROTOCOL, authorities: this.authorities };
    this.send({ $case: 'welcome', value });
  }

  send(message: NonNullable<ControlResponse['message']>): void {
    this.#control?.write({ message });
  }

  /** Ends the Ship stream with an error, as for a batch that came damaged. */
  breakShip(): void {
    this.#uncommitted = [];
    const error: Partial<ServiceError> = { code: status.DATA_LOSS, details: 'a batch came damaged' };
    this.#ship?.emit('error', Object.assign(new Error('broken'), error));
  }

  /** Commits what came while `commits` was false. */
  commitAll(): void {
    for (const batch of this.#uncommitted.splice(0)) this.#commit(batch);
  }

  /** Reads on after `reads` was false. */
  resume(): void {
    this.reads = true;
    this.#ship?.resume();
  }

  sequencesOf(tapId: string): number[] {
    return (this.committed.get(tapId) ?? []).map((batch) => Number(batch.sequence));
  }

  #controlled(call: ControlCall): void {
    this.#control = call;
    call.on('end', () => call.end());
    call.on('data', ({ message }: ControlRequest) => {
      if (message?.$case === 'hello') {
        this.hellos.push(message.value);
        this.welcome();
      } else if (message?.$case === 'heartbeat') {
        this.heartbeats.push(message.value);
        const { t1Ns } = message.value;
        if (this.answers)
          this.send({ $case: 'heartbeat', value: { t1Ns, t2Ns: t1Ns + 5n, t3Ns: t1Ns + 6n } });
      } else if (message?.$case === 'tapState') {
        this.states.push(message.value);
      }
    });
  }

  #shipped(call: ShipCall): void {
    this.#ship = call;
    call.on('end', () => call.end());
    call.on('data', ({ batch }: ShipRequest) => {
      if (!batch) return;
      this.arrived.push(Number(batch.sequence));
      if (!this.reads) call.pause();
      if (this.refusal) {
        call.write({ tapId: batch.tapId, committedSequence: 0n, refused: this.refusal });
      } else if (this.commits) {
        this.#commit(batch);
      } else {
        this.#uncommitted.push(batch);
      }
    });
  }

  /** Each sequence number once, as a real coordinator does. */
  #commit(batch: Batch): void {
    const batches = this.committed.get(batch.tapId) ?? [];
    this.committed.set(batch.tapId, batches);
    const last = batches.at(-1)?.sequence ?? 0n;
    if (batch.sequence > last) batches.push(batch);
    const committedSequence = batch.sequence > last ? batch.sequence : last;
    this.#ship?.write({ tapId: batch.tapId, committedSequence, refused: '' });
  }
}
