import type { EventEmitter } from 'node:events';
import { BothendsError } from '@bothends/proto';
import { shipRequestBytes } from '@bothends/proto/evidence/batch-bytes';
import {
  AgentLinkClient,
  AgentLinkService,
  type ControlRequest,
  type ControlResponse,
  type FetchRaw,
  type FindPod,
  type Heartbeat,
  type Hello,
  type PodsFound,
  type ShipRequest,
  type ShipResponse,
  type TapState,
} from '@bothends/proto/gen/bothends/v1/agent';
import {
  type ChannelCredentials,
  type ClientDuplexStream,
  makeGenericClientConstructor,
} from '@grpc/grpc-js';
import type { ClockExchange, ExchangeFields } from '../clock/exchange.js';
import type { RawAnswer } from '../raw/raw-export.js';
import { CHANNEL_OPTIONS } from './credentials.js';
import { sendRaw } from './raw-sender.js';
import { fromRpcError } from './rpc-error.js';
import { type Shipment, Shipper } from './shipper.js';

/** What the coordinator asks of the agent. */
export type Command = Extract<
  NonNullable<ControlResponse['message']>,
  { $case: 'arm' } | { $case: 'start' } | { $case: 'stop' }
>;

/** The agent behind the link. */
export interface LinkHost {
  hello(): Hello;
  /** Everything in a heartbeat but the clock exchange. */
  vitals(): Omit<Heartbeat, keyof ExchangeFields>;
  /** State of each tap that the agent owns, for a coordinator that may have missed it. */
  tapStates(): TapState[];
  shipments(): Iterable<Shipment>;
  command(command: Command): void;
  /** Whether a pod runs on this host; never rejects. */
  findPod(question: FindPod): Promise<PodsFound>;
  /** Raw packets of this host for somebody, or why not; never throws. */
  fetchRaw(request: FetchRaw): RawAnswer;
  /** The coordinator took the agent in. */
  welcomed(): void;
  /** The coordinator named the authorities that it trusts. */
  authorities(named: string): void;
}

export interface SessionOptions {
  /** `HOST:PORT`. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly exchange: ClockExchange;
  readonly heartbeatMs: number;
}

/** Heartbeats without an answer after which the coordinator counts as gone. */
const MISSED_HEARTBEATS = 5;

/** Clock exchanges at once after the welcome, so that a capture that starts soon finds the clocks known. */
const BURST = 8;

/** How a session ended. */
export interface SessionEnd {
  /** The coordinator had said welcome. */
  readonly welcomed: boolean;
  readonly error: BothendsError;
}

/** Batches are large: they go out with as few copies as there can be. */
const LinkClient = makeGenericClientConstructor(
  {
    ...AgentLinkService,
    ship: { ...AgentLinkService.ship, requestSerialize: shipRequestBytes },
  },
  AgentLinkClient.serviceName,
) as unknown as typeof AgentLinkClient;

type ControlStream = ClientDuplexStream<ControlRequest, ControlResponse>;

/** One connection to the coordinator: the Control stream, and the Ship stream once it said welcome. Used once. */
export class Session {
  /** Resolves when the connection is over; never rejects. */
  readonly ended: Promise<SessionEnd>;
  readonly #options: SessionOptions;
  readonly #host: LinkHost;
  readonly #client: AgentLinkClient;
  readonly #control: ControlStream;
  #resolveEnd: (end: SessionEnd) => void = () => {};
  #ship: ClientDuplexStream<ShipRequest, ShipResponse> | null = null;
  #shipper: Shipper | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #unanswered = 0;
  #burst = BURST;
  #over = false;

  constructor(options: SessionOptions, host: LinkHost) {
    this.#options = options;
    this.#host = host;
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
    this.#client = new LinkClient(options.target, options.credentials, CHANNEL_OPTIONS);
    this.#control = this.#client.control();
    this.#control.on('data', (message) => this.#received(message));
    this.#watch(this.#control);
    this.#send({ $case: 'hello', value: host.hello() });
    // Armed before the welcome too: a peer that takes the connection and says nothing is gone as well.
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
  }

  /** True between welcome and end. */
  get connected(): boolean {
    return this.#shipper !== null && !this.#over;
  }

  /** Says hello again: what the agent says of itself has changed. */
  introduce(): void {
    if (this.connected) this.#send({ $case: 'hello', value: this.#host.hello() });
  }

  /** Tells the coordinator at once where a tap is. */
  report(state: TapState): void {
    if (this.connected) this.#send({ $case: 'tapState', value: state });
  }

  /** A tap has something new to ship. */
  pump(): void {
    if (!this.#over) this.#shipper?.pump();
  }

  close(error: BothendsError): void {
    if (this.#over) return;
    const welcomed = this.connected;
    this.#over = true;
    if (this.#heartbeat) clearInterval(this.#heartbeat);
    this.#resolveEnd({ welcomed, error });
    // Not at once: called while HTTP/2 takes in the peer's reset of one stream, resetting another that has data waiting
    // makes Node 20 send that data in an endless loop.
    setImmediate(() => {
      this.#control.cancel();
      this.#ship?.cancel();
      this.#client.close();
    });
  }

  #received({ message }: ControlResponse): void {
    switch (message?.$case) {
      case 'welcome':
        this.#welcomed();
        this.#host.authorities(message.value.authorities);
        break;
      case 'heartbeat':
        this.#unanswered = 0;
        this.#options.exchange.complete(message.value);
        if (this.#burst-- > 0) this.#beat();
        break;
      case 'arm':
      case 'start':
      case 'stop':
        this.#host.command(message);
        break;
      case 'findPod':
        void this.#host.findPod(message.value).then((value) => this.#send({ $case: 'podsFound', value }));
        break;
      case 'fetchRaw':
        void sendRaw(this.#client, this.#host.fetchRaw(message.value));
        break;
      // A newer coordinator may say more than this agent understands.
    }
  }

  #welcomed(): void {
    if (this.#shipper) return;
    this.#ship = this.#client.ship();
    this.#watch(this.#ship);
    this.#shipper = new Shipper(this.#ship, () => this.#host.shipments());
    for (const state of this.#host.tapStates()) this.#send({ $case: 'tapState', value: state });
    this.#beat();
    this.#shipper.pump();
    this.#host.welcomed();
  }

  #beat(): void {
    if (this.#unanswered >= MISSED_HEARTBEATS) {
      const silence = (MISSED_HEARTBEATS * this.#options.heartbeatMs) / 1000;
      const message = `the coordinator at ${this.#options.target} has not answered for ${silence} s`;
      this.close(new BothendsError('unavailable', message));
      return;
    }
    this.#unanswered++;
    if (!this.connected) return;
    this.#send({ $case: 'heartbeat', value: { ...this.#host.vitals(), ...this.#options.exchange.begin() } });
  }

  #send(message: NonNullable<ControlRequest['message']>): void {
    // Control messages are few and small: what a full stream does not take waits in its own buffer.
    if (!this.#over) this.#control.write({ message });
  }

  #watch(stream: EventEmitter): void {
    const { target } = this.#options;
    stream.on('error', (error) => this.close(fromRpcError(error, target)));
    stream.on('end', () => {
      this.close(new BothendsError('unavailable', `the coordinator at ${target} ended the link`));
    });
  }
}
