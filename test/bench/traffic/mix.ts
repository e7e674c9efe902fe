import { writeFileSync } from 'node:fs';
import { type Bytes, CLIENT4, ethernet, fill, ipv4, SERVER4, tcp, u32 } from '../../contract/decode/build.js';
import { encodePcap, type PcapRecord } from '../../truth/wire/pcap.js';

/** Packets of the file; a player repeats it. */
export const MIX_PACKETS = 8_000;

const IPV4 = 0x0800;
const TCP = 6;
const LINK_ETHERNET = 1;
const MSS = 1448;
/** As decoders name them, RFC 9293. */
const SYN = 0x02;
const ACK = 0x10;
const FIN_ACK = 0x11;
const timestamps = (row: number): Bytes => [1, 1, 8, 10, ...u32(1_000_000 + row), ...u32(900_000 + row)];

/** Of ten packets six are full segments of bulk transfers, two acknowledge them, two belong to short exchanges. */
export function writeMix(path: string): void {
  const records: PcapRecord[] = [];
  for (let row = 0; row < MIX_PACKETS; row++) {
    const frame = Uint8Array.from(ethernet(IPV4, packetOf(row)));
    records.push({ timeNs: BigInt(row) * 1_000n, frame });
  }
  writeFileSync(
    path,
    encodePcap(records, { snaplen: 65_535, resolution: 'microseconds', linkType: LINK_ETHERNET }),
  );
}

/** Bulk transfers at the same time. */
const TRANSFERS = 16;

function packetOf(row: number): Bytes {
  const turn = row % 10;
  const round = Math.floor(row / 10);
  if (turn >= 8) return exchange(round, turn === 8);
  const port = 20_000 + (round % TRANSFERS);
  const sequence = Math.floor(round / TRANSFERS) * 6 * MSS;
  if (turn < 6) {
    const segment = tcp(fill(MSS, row), {
      ...{ sourcePort: 443, destinationPort: port, flags: ACK, options: timestamps(row) },
      sequence: sequence + turn * MSS,
    });
    return ipv4(TCP, segment, { source: SERVER4, destination: CLIENT4, id: row });
  }
  const acknowledgment = tcp([], {
    ...{ sourcePort: port, destinationPort: 443, flags: ACK, options: timestamps(row) },
    acknowledgment: sequence + (turn - 5) * 3 * MSS,
  });
  return ipv4(TCP, acknowledgment, { source: CLIENT4, destination: SERVER4, id: row });
}

/** A connection a round: SYN and FIN, or a request and its answer, in turns. */
function exchange(round: number, fromClient: boolean): Bytes {
  const port = 30_000 + (round >> 1);
  const opens = round % 2 === 0;
  const flags = opens ? (fromClient ? SYN : FIN_ACK) : ACK;
  const payload = opens ? [] : fill(fromClient ? 200 : 600, round);
  const [sourcePort, destinationPort] = fromClient ? [port, 8080] : [8080, port];
  const segment = tcp(payload, {
    ...{ sourcePort, destinationPort, flags },
    ...{ sequence: round, options: timestamps(round) },
  });
  return fromClient
    ? ipv4(TCP, segment, { source: CLIENT4, destination: SERVER4, id: round })
    : ipv4(TCP, segment, { source: SERVER4, destination: CLIENT4, id: round });
}
