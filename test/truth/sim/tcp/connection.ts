import { Flag, type Packet, type TcpOptions, type TcpPacket, type TcpSegment } from '../../wire/packets.js';
import type { RstCause } from '../ledger.js';
import type { Scheduler, Timer } from '../scheduler.js';
import { Receiver } from './receiver.js';
import { type Draws, Segments, type Tuple } from './segments.js';
import { type Outgoing, Sender } from './sender.js';
import {
  DELAYED_ACK_NS,
  QUICK_ACKS,
  SYN_ACK_RETRIES,
  SYN_AGAIN_NS,
  SYN_LINEAR,
  SYN_RETRIES,
  SYN_RTO_NS,
  type TcpSettings,
} from './settings.js';

export type State =
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'close-wait'
  | 'last-ack'
  | 'time-wait'
  | 'closed';

/** Why a connection ended, for the application and for what the host answers afterwards. */
export type Ending = 'reset' | 'refused' | 'closed' | 'aborted' | 'timed-out';

/** What a connection needs from its host. */
export interface ConnectionHost {
  readonly scheduler: Scheduler;
  transmit(burst: readonly Packet[]): void;
  /** Sends the reply-shaped RST that a stack without use for `trigger` sends. */
  replyReset(trigger: TcpPacket, cause: RstCause): void;
  /** The connection sent an active RST, ignored one, or died of one. */
  report(
    connection: TcpConnection,
    event: 'abort' | 'keepalive-expired' | 'rst-ignored' | 'killed' | 'zero-window',
  ): void;
  forget(connection: TcpConnection, ending: Ending): void;
  readonly ttl: number;
}

/** What the application does when something happens; every one may be left out. */
export interface Handlers {
  established?: () => void;
  /** `total`: bytes received in order so far; `segment`: the data of the segment that brought the last of them. */
  data?: (total: number, segment: Uint8Array) => void;
  finished?: () => void;
  ended?: (ending: Ending) => void;
}

/** One end of a TCP connection, with the packet shapes of Linux 6.18. */
export class TcpConnection {
  state: State;
  on: Handlers = {};
  readonly tuple: Tuple;
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** True when the accept queue is full: the handshake's ACK is thrown away. */
  acceptStalled = false;
  private readonly host: ConnectionHost;
  private readonly settings: TcpSettings;
  private readonly draws: Draws;
  private readonly segments: Segments;
  private peerIsn = 0;
  private peerScale = 0;
  private scaling = false;
  private stamps = false;
  private sacks = false;
  private ecn = false;
  private echo = 0;
  private received = 0;
  private orphan = false;
  private quickAcks = QUICK_ACKS;
  private unacknowledged = 0;
  private delayedAck: Timer | null = null;
  private handshake: Timer | null = null;

  private constructor(host: ConnectionHost, tuple: Tuple, settings: TcpSettings, draws: Draws, state: State) {
    this.host = host;
    this.tuple = tuple;
    this.settings = settings;
    this.draws = draws;
    this.segments = new Segments(tuple, draws, host.ttl, settings.tos);
    this.state = state;
    this.sender = new Sender(
      host.scheduler,
      settings.mss,
      (burst) => this.sendData(burst),
      () => this.sendProbe(),
    );
    this.receiver = new Receiver(settings.receiveBuffer, settings.mss);
  }

  /** Starts an active open. */
  static open(host: ConnectionHost, tuple: Tuple, settings: TcpSettings, draws: Draws): TcpConnection {
    const connection = new TcpConnection(host, tuple, settings, draws, 'syn-sent');
    connection.sendSyn(0);
    return connection;
  }

  /** Answers a SYN. */
  static answer(
    host: ConnectionHost,
    tuple: Tuple,
    settings: TcpSettings,
    draws: Draws,
    syn: TcpSegment,
  ): TcpConnection {
    const connection = new TcpConnection(host, tuple, settings, draws, 'syn-received');
    connection.learn(syn);
    connection.sendSynAck(0);
    return connection;
  }

  /** Takes data to send; a connection that is gone takes none, as write(2) would fail. */
  write(data: Uint8Array): void {
    if (this.state !== 'closed') this.sender.write(data);
  }

  /** Closes both ways, as close(2): unread data makes it an abort, later data draws a RST. */
  close(): void {
    if (this.receiver.unread > 0) this.abort();
    else {
      this.orphan = true;
      this.shutdown();
    }
  }

  /** Closes the sending half. */
  shutdown(): void {
    if (this.state === 'established' || this.state === 'syn-received') this.state = 'fin-wait-1';
    else if (this.state === 'close-wait') this.state = 'last-ack';
    else return;
    this.sender.end();
  }

  /** Sends an active RST: close with linger 0, or with unread data. */
  abort(event: 'abort' | 'keepalive-expired' = 'abort'): void {
    if (this.state === 'closed') return;
    // In SYN-SENT there is nothing to reset: the stack just forgets (RFC 9293, 3.10.5).
    if (this.state !== 'syn-sent') {
      this.transmit([this.segment(Flag.rst | Flag.ack, this.sender.next, {})]);
      this.host.report(this, event);
    }
    this.finish('aborted');
  }

  /** Goes away without a packet, as a crashed host or an expired user timeout does. */
  vanish(): void {
    this.finish('timed-out');
  }

  /** Stops or resumes reading; resuming sends the window update. */
  read(reading: boolean): void {
    this.receiver.reading = reading;
    if (!reading || this.receiver.unread === 0) return;
    this.receiver.unread = 0;
    this.sendAck();
    this.on.data?.(this.received, new Uint8Array(0));
  }

  /** Sends a keepalive probe: the last byte's number without the byte. */
  sendProbe(): void {
    this.transmit([this.segment(Flag.ack, this.sender.una - 1, {})]);
  }

  receive(packet: TcpPacket): void {
    const segment = packet.transport;
    if (segment.options.timestamps && this.state !== 'closed') this.echo = segment.options.timestamps[0];
    if (this.state === 'syn-sent') this.receiveInSynSent(packet);
    else if (segment.flags & Flag.rst) this.receiveReset(segment);
    else if (segment.flags & Flag.syn) this.receiveSyn(segment);
    else if (this.state !== 'syn-received' || this.completeHandshake(segment)) this.receiveSegment(packet);
  }

  private receiveInSynSent(packet: TcpPacket): void {
    const segment = packet.transport;
    const expected = (this.draws.isn + 1) >>> 0;
    const answers = (segment.flags & Flag.ack) !== 0 && segment.acknowledgment === expected;
    if (segment.flags & Flag.rst) {
      if (answers) this.finish('refused');
      else this.host.report(this, 'rst-ignored');
    } else if (answers && segment.flags & Flag.syn) this.establish(segment);
    else if (segment.flags & Flag.ack) {
      this.host.replyReset(packet, 'half-open');
      this.handshake?.cancel();
      this.handshake = this.host.scheduler.after(SYN_AGAIN_NS, () => this.sendSyn(1));
    }
  }

  private establish(synAck: TcpSegment): void {
    this.handshake?.cancel();
    this.learn(synAck);
    this.state = 'established';
    this.sender.peerWindow = synAck.window;
    this.transmit([{ ...this.segment(Flag.ack, 1, {}), completesHandshake: true }]);
    this.on.established?.();
  }

  private receiveReset(segment: TcpSegment): void {
    const distance = (segment.sequence - this.peerIsn - this.receiver.next) | 0;
    if (distance === 0) {
      this.host.report(this, 'killed');
      this.finish('reset');
    } else {
      this.host.report(this, 'rst-ignored');
      // A RST inside the window but not at its edge draws a challenge ACK (RFC 5961, 3.2).
      if (distance > 0 && distance < this.receiver.window) this.sendAck();
    }
  }

  private receiveSyn(segment: TcpSegment): void {
    const repeats = ((segment.sequence - this.peerIsn) | 0) === 0;
    if (this.state === 'syn-received' && repeats) this.sendSynAck(SYN_ACK_RETRIES);
    else if (segment.flags & Flag.ack && repeats)
      this.transmit([{ ...this.segment(Flag.ack, this.sender.next, {}), completesHandshake: true }]);
    else this.sendAck();
  }

  /** True when the segment finished the handshake, so that its data may be taken. */
  private completeHandshake(segment: TcpSegment): boolean {
    const acknowledged = (segment.acknowledgment - this.draws.isn) | 0;
    if (!(segment.flags & Flag.ack) || acknowledged < 1 || this.acceptStalled) return false;
    this.handshake?.cancel();
    this.state = 'established';
    this.sender.peerWindow = segment.window << this.peerScale;
    this.on.established?.();
    return true;
  }

  private receiveSegment(packet: TcpPacket): void {
    const segment = packet.transport;
    const offset = this.receiver.next + ((segment.sequence - this.peerIsn - this.receiver.next) | 0);
    if (this.orphan && segment.data.length > 0 && offset + segment.data.length > this.receiver.next) {
      this.host.replyReset(packet, 'closed-earlier');
      this.finish('aborted');
      return;
    }
    this.takeAck(segment);
    if (this.state === 'closed') return;
    const fin = (segment.flags & Flag.fin) !== 0;
    if (segment.data.length > 0 || fin) this.takeData(segment, offset, fin);
    else if (offset < this.receiver.next) this.sendAck();
  }

  private takeAck(segment: TcpSegment): void {
    const ack = this.sender.una + ((segment.acknowledgment - this.draws.isn - this.sender.una) | 0);
    const shift = (edge: number) => this.sender.una + ((edge - this.draws.isn - this.sender.una) | 0);
    const sack = (segment.options.sack ?? []).map(([left, right]) => [shift(left), shift(right)] as const);
    const pure = segment.data.length === 0 && (segment.flags & Flag.fin) === 0;
    this.sender.acknowledge(ack, segment.window << this.peerScale, pure, sack);
    if (!this.sender.finAcknowledged) return;
    if (this.state === 'fin-wait-1') this.state = this.receiver.finished ? 'time-wait' : 'fin-wait-2';
    else if (this.state === 'last-ack') this.finish('closed');
  }

  private takeData(segment: TcpSegment, offset: number, fin: boolean): void {
    if (segment.data.length > 0 && this.receiver.window < segment.data.length) {
      this.sendAck();
      return;
    }
    const wasFinished = this.receiver.finished;
    const { arrival, delivered } = this.receiver.accept(offset, segment.data.length, fin);
    this.received += delivered;
    if (delivered > 0 && this.receiver.reading) this.on.data?.(this.received, segment.data);
    if (this.receiver.window === 0 && delivered > 0) this.host.report(this, 'zero-window');
    if (this.receiver.finished && !wasFinished) this.passFin();
    else if (arrival !== 'in-order' || this.receiver.holes) this.sendAck();
    else this.scheduleAck();
  }

  private passFin(): void {
    if (this.state === 'established') this.state = 'close-wait';
    else if (this.state === 'fin-wait-2') this.state = 'time-wait';
    this.sendAck();
    this.on.finished?.();
  }

  private scheduleAck(): void {
    this.unacknowledged++;
    if (this.quickAcks > 0 || this.unacknowledged >= 2) {
      this.quickAcks--;
      this.sendAck();
    } else this.delayedAck ??= this.host.scheduler.after(DELAYED_ACK_NS, () => this.sendAck());
  }

  private learn(syn: TcpSegment): void {
    const { options } = syn;
    this.peerIsn = syn.sequence;
    this.stamps = this.settings.timestamps && options.timestamps !== undefined;
    this.sacks = this.settings.sack && options.sackPermitted === true;
    this.scaling = options.windowScale !== undefined;
    this.peerScale = options.windowScale ?? 0;
    this.ecn = this.settings.ecn && (syn.flags & Flag.ece) !== 0;
    this.echo = options.timestamps?.[0] ?? 0;
    // A peer without the option gets 536 (RFC 9293); time stamps take 12 bytes of every segment.
    this.sender.mss = Math.min(this.settings.mss, options.mss ?? 536) - (this.stamps ? 12 : 0);
  }

  private sendSyn(attempt: number): void {
    const flags = Flag.syn | (this.settings.ecn ? Flag.ece | Flag.cwr : 0);
    const { mss, windowScale, timestamps, sack } = this.settings;
    const options = { mss, windowScale, ...(sack && { sackPermitted: true }) };
    const stamped = timestamps ? { ...options, timestamps: this.stamp() } : options;
    this.transmit([this.segment(flags, 0, stamped)]);
    if (attempt >= SYN_RETRIES) return;
    const wait = SYN_RTO_NS * 2 ** Math.max(0, attempt - SYN_LINEAR);
    this.handshake = this.host.scheduler.after(wait, () => this.sendSyn(attempt + 1));
  }

  private sendSynAck(attempt: number): void {
    const flags = Flag.syn | Flag.ack | (this.ecn ? Flag.ece : 0);
    const { mss, windowScale } = this.settings;
    const options = {
      mss,
      ...(this.scaling && { windowScale }),
      ...(this.sacks && { sackPermitted: true }),
      ...(this.stamps && { timestamps: this.stamp() }),
    };
    // Linux sends SYN-ACKs with identification 0.
    this.transmit([this.segment(flags, 0, options, 0)]);
    this.handshake?.cancel();
    if (attempt >= SYN_ACK_RETRIES) return;
    this.handshake = this.host.scheduler.after(SYN_RTO_NS * 2 ** attempt, () => this.sendSynAck(attempt + 1));
  }

  private sendAck(): void {
    this.delayedAck?.cancel();
    this.delayedAck = null;
    this.unacknowledged = 0;
    const sack = this.sacks && this.receiver.holes ? this.receiver.sackBlocks : [];
    const edges = sack.map(([left, right]) => [this.peerNumber(left), this.peerNumber(right)] as const);
    const options = edges.length > 0 ? { sack: edges } : {};
    // A socket in TIME-WAIT has no identification counter any more.
    const id = this.state === 'time-wait' ? 0 : undefined;
    this.transmit([this.segment(Flag.ack, this.sender.next, options, id)]);
  }

  private sendData(burst: readonly Outgoing[]): void {
    if (this.state === 'syn-sent' || this.state === 'closed') return;
    this.delayedAck?.cancel();
    this.delayedAck = null;
    this.unacknowledged = 0;
    this.transmit(
      burst.map(({ offset, data, fin, push }) => {
        const flags = Flag.ack | (push && data.length > 0 ? Flag.psh : 0) | (fin ? Flag.fin : 0);
        const packet = this.segment(flags, offset, {});
        // ECT(0) goes on data only (RFC 3168, 6.1.4 and 6.1.5).
        const tos = this.ecn && data.length > 0 ? packet.tos | 2 : packet.tos;
        return { ...packet, tos, transport: { ...packet.transport, data } };
      }),
    );
  }

  private transmit(burst: readonly TcpPacket[]): void {
    this.host.transmit(burst);
  }

  /** A segment at an offset of this stream, as things stand; `id` is drawn unless given. */
  private segment(flags: number, offset: number, options: TcpOptions, id?: number): TcpPacket {
    return this.segments.build({
      flags,
      offset,
      id,
      acknowledgment: flags & Flag.ack ? this.peerNumber(this.receiver.next) : 0,
      window: this.receiver.window,
      // SYN and SYN-ACK carry the options that they offer, and a window that is not scaled.
      scale: (flags & Flag.syn) === 0 && this.scaling ? this.settings.windowScale : 0,
      options: (flags & Flag.syn) === 0 && this.stamps ? { ...options, timestamps: this.stamp() } : options,
    });
  }

  private stamp(): readonly [number, number] {
    return [this.segments.clock(this.host.scheduler.now), this.echo];
  }

  private peerNumber(offset: number): number {
    return (this.peerIsn + offset) >>> 0;
  }

  private finish(ending: Ending): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.sender.stop();
    this.handshake?.cancel();
    this.delayedAck?.cancel();
    this.host.forget(this, ending);
    this.on.ended?.(ending);
  }
}
