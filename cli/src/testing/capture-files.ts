/** Two hand-made captures of one refused connection: SYN, then RST+ACK from the server itself. */

const CLIENT = [10, 77, 1, 1];
const SERVER = [10, 77, 4, 2];
const PORTS = { client: 40_000, server: 9999 } as const;
const ISN = 1_000_000;
/** 2026-01-02T10:00:00Z, s. */
const EPOCH_S = 1_767_348_000;
/** pcap with nanoseconds, and its link type for raw IP. */
const PCAP_NS_MAGIC = 0xa1b23c4d;
const LINKTYPE_RAW = 101;
/** The server's clock is ahead by this, so that nothing works by accident of equal clocks. */
const SERVER_AHEAD_NS = 3_000_000;
const ONE_WAY_NS = 200_000;

export function clientFile(): Uint8Array {
  return pcap([
    [0, syn(64)],
    [2 * ONE_WAY_NS + 15_000, refusal(61)],
  ]);
}

export function serverFile(): Uint8Array {
  return pcap([
    [SERVER_AHEAD_NS + ONE_WAY_NS, syn(61)],
    [SERVER_AHEAD_NS + ONE_WAY_NS + 15_000, refusal(64)],
  ]);
}

function syn(ttl: number): Uint8Array {
  return segment({
    toServer: true,
    ttl,
    id: 4711,
    flags: 0x02,
    sequence: ISN,
    acknowledgment: 0,
    window: 64_240,
  });
}

/** As Linux answers a SYN to a closed port: sequence 0, window 0, IP ID 0. */
function refusal(ttl: number): Uint8Array {
  return segment({
    toServer: false,
    ttl,
    id: 0,
    flags: 0x14,
    sequence: 0,
    acknowledgment: ISN + 1,
    window: 0,
  });
}

interface Segment {
  toServer: boolean;
  ttl: number;
  id: number;
  flags: number;
  sequence: number;
  acknowledgment: number;
  window: number;
}

/** IPv4 and TCP without options or data, checksums filled in. */
function segment({ toServer, ttl, id, flags, sequence, acknowledgment, window }: Segment): Uint8Array {
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  const [source, destination] = toServer ? [CLIENT, SERVER] : [SERVER, CLIENT];
  bytes.set([0x45, 0, 0, 40]);
  view.setUint16(4, id);
  view.setUint16(6, 0x4000);
  bytes.set([ttl, 6], 8);
  bytes.set([...source, ...destination], 12);
  view.setUint16(10, checksum(bytes.subarray(0, 20), 0));
  view.setUint16(20, toServer ? PORTS.client : PORTS.server);
  view.setUint16(22, toServer ? PORTS.server : PORTS.client);
  view.setUint32(24, sequence);
  view.setUint32(28, acknowledgment);
  bytes.set([0x50, flags], 32);
  view.setUint16(34, window);
  // The pseudo header: both addresses (bytes 12 to 20), protocol 6, TCP length 20.
  view.setUint16(36, checksum(bytes.subarray(12), 6 + 20));
  return bytes;
}

function checksum(bytes: Uint8Array, start: number): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function pcap(packets: readonly (readonly [atNs: number, bytes: Uint8Array])[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, PCAP_NS_MAGIC);
  header.setUint16(4, 2);
  header.setUint16(6, 4);
  header.setUint32(16, 65_535);
  header.setUint32(20, LINKTYPE_RAW);
  const parts: Uint8Array[] = [new Uint8Array(header.buffer)];
  for (const [atNs, bytes] of packets) {
    const record = new DataView(new ArrayBuffer(16));
    record.setUint32(0, EPOCH_S);
    record.setUint32(4, atNs);
    record.setUint32(8, bytes.length);
    record.setUint32(12, bytes.length);
    parts.push(new Uint8Array(record.buffer), bytes);
  }
  return Buffer.concat(parts);
}
