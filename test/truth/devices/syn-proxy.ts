import type { Box, Device } from '../sim/path.js';
import {
  type Direction,
  Flag,
  has,
  isTcp,
  type TcpOptions,
  type TcpPacket,
  withTcp,
} from '../wire/packets.js';

/** What the proxy knows of one connection. */
type Entry =
  | { readonly state: 'answered'; readonly cookie: number; readonly syn: TcpPacket }
  /** The client's ACK has come; the server has been asked. What the client sends meanwhile waits. */
  | { readonly state: 'asking'; readonly cookie: number; readonly waiting: TcpPacket[] }
  /** Server numbers are `delta` below those that the client knows. */
  | { readonly state: 'open'; readonly delta: number };

/**
 * A SYN proxy in the manner of nft's: it answers a SYN with a cookie of its own, and only when the client has
 * completed that handshake does it open the real one; afterwards it translates the server's numbers.
 */
export function synProxying(router: number): Device {
  const entries = new Map<object, Entry>();
  return {
    router,
    handle(packet, toward, box) {
      const flow = box.ledger.flowOf(packet);
      if (!flow || !isTcp(packet)) return box.forward(packet);
      const entry = entries.get(flow);
      const next = step(entry, packet, toward, box);
      if (next) entries.set(flow, next);
    },
  };
}

/** Handles one packet; the entry that it leads to, or undefined when nothing changes. */
function step(entry: Entry | undefined, packet: TcpPacket, toward: Direction, box: Box): Entry | undefined {
  if (toward === 'toward-server' && has(packet, Flag.syn)) return answer(packet, entry, box);
  switch (entry?.state) {
    case 'answered':
      return toward === 'toward-server' ? ask(packet, entry, box) : undefined;
    case 'asking':
      if (toward === 'toward-client' && has(packet, Flag.syn | Flag.ack)) return open(packet, entry, box);
      if (toward === 'toward-server') entry.waiting.push(packet);
      return undefined;
    case 'open':
      translate(packet, toward, entry.delta, box);
      return undefined;
    default:
      box.forward(packet);
      return undefined;
  }
}

function answer(syn: TcpPacket, entry: Entry | undefined, box: Box): Entry | undefined {
  if (entry?.state === 'asking' || entry?.state === 'open') {
    box.forward(syn);
    return undefined;
  }
  const cookie = entry?.cookie ?? box.random.word();
  const { sequence, options } = syn.transport;
  const offered: TcpOptions = {
    mss: 1460,
    ...(options.timestamps && { timestamps: [cookie, options.timestamps[0]] }),
  };
  box.note(syn, { what: 'injected', toward: 'toward-client', role: 'syn-ack', router: box.router });
  box.note(syn, { what: 'changed', change: 'options', toward: 'toward-client' });
  const reply = turned(syn, {
    sequence: cookie,
    acknowledgment: (sequence + 1) >>> 0,
    flags: Flag.syn | Flag.ack,
  });
  box.inject(withTcp(reply, { options: offered, window: 0 }), 'toward-client');
  return { state: 'answered', cookie, syn };
}

function ask(ack: TcpPacket, { cookie, syn }: Entry & { state: 'answered' }, box: Box): Entry {
  box.note(ack, { what: 'injected', toward: 'toward-server', role: 'syn', router: box.router });
  const { windowScale: _scale, sackPermitted: _sack, ...options } = syn.transport.options;
  box.inject({ ...withTcp(syn, { options }), id: 0, ttl: 64 }, 'toward-server');
  return { state: 'asking', cookie, waiting: ack.transport.data.length > 0 ? [ack] : [] };
}

function open(synAck: TcpPacket, { cookie, waiting }: Entry & { state: 'asking' }, box: Box): Entry {
  const { sequence, acknowledgment } = synAck.transport;
  const delta = (cookie - sequence) >>> 0;
  const ack = turned(synAck, {
    sequence: acknowledgment,
    acknowledgment: (sequence + 1) >>> 0,
    flags: Flag.ack,
  });
  box.inject(withTcp(ack, { options: {} }), 'toward-server');
  // The client was told a window of 0: now it may send.
  const update = withTcp(synAck, { sequence: (cookie + 1) >>> 0, flags: Flag.ack, options: {} });
  box.inject(update, 'toward-client');
  for (const packet of waiting) translate(packet, 'toward-server', delta, box);
  return { state: 'open', delta };
}

function translate(packet: TcpPacket, toward: Direction, delta: number, box: Box): void {
  const { sequence, acknowledgment, options } = packet.transport;
  if (toward === 'toward-client') {
    box.forward(withTcp(packet, { sequence: (sequence + delta) >>> 0 }));
    return;
  }
  const move = (number: number) => (number - delta) >>> 0;
  const sack = options.sack?.map(([left, right]) => [move(left), move(right)] as const);
  const moved = { acknowledgment: move(acknowledgment), options: sack ? { ...options, sack } : options };
  box.forward(withTcp(packet, has(packet, Flag.ack) ? moved : {}));
}

/** A packet of the proxy's own in the name of the other end. */
function turned(
  packet: TcpPacket,
  fields: { sequence: number; acknowledgment: number; flags: number },
): TcpPacket {
  const { sourcePort, destinationPort } = packet.transport;
  return {
    ...packet,
    source: packet.destination,
    destination: packet.source,
    ttl: 64,
    tos: 0,
    id: 0,
    transport: {
      ...packet.transport,
      ...fields,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
      data: new Uint8Array(0),
    },
  };
}
