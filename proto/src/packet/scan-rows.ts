import { type Scan, Seen, Told } from './scan.js';
import { Checksum, IpFlag, Layer, Mark, type PacketTable, Tcp } from './table.js';

const TCP = 6;
/** TLS records that a verdict may look into: alerts and handshakes (RFC 8446). */
const TLS_ALERT = 21;
const TLS_HANDSHAKE = 22;

/**
 * Looks through a table and returns `scan` with what it found, valid until the next call. Loops without calls,
 * each over few columns: a tenth of the cost of looking at all columns when a row's turn comes.
 */
export function scanRows(table: PacketTable, scan: Scan): Scan {
  if (table.length > scan.seen.length) scan.seen = new Uint8Array(table.capacity);
  scanTimes(table, scan.numbers);
  scanCuts(table, scan.numbers);
  markUneventful(table, scan.seen);
  markFollowing(table, scan.seen);
  return scan;
}

function scanTimes({ time, length }: PacketTable, numbers: Float64Array): void {
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  let before = Number.NEGATIVE_INFINITY;
  let backwards = 0;
  for (let i = 0; i < length; i++) {
    const now = time[i];
    if (now < earliest) earliest = now;
    if (now > latest) latest = now;
    backwards += now < before ? 1 : 0;
    before = now;
  }
  numbers[Told.earliest] = earliest;
  numbers[Told.latest] = latest;
  numbers[Told.backwards] = backwards;
}

function scanCuts({ layer, marks, capturedLength, length }: PacketTable, numbers: Float64Array): void {
  let cut = 0;
  let cutAt = 0;
  for (let i = 0; i < length; i++) {
    if (layer[i] === Layer.transport || (marks[i] & Mark.cut) === 0) continue;
    cut++;
    cutAt = Math.max(cutAt, capturedLength[i]);
  }
  numbers[Told.cut] = cut;
  numbers[Told.cutAt] = cutAt;
}

function markUneventful(table: PacketTable, seen: Uint8Array): void {
  const { length, layer, protocol, tcpFlags, window, checksum, tlsRecord, httpKind, dnsFlags, dnsType } =
    table;
  const { ipFlags, marker } = table;
  for (let i = 0; i < length; i++) {
    const plain =
      layer[i] === Layer.transport &&
      protocol[i] === TCP &&
      (ipFlags[i] & IpFlag.fragment) === 0 &&
      (tcpFlags[i] & ~Tcp.psh) === Tcp.ack &&
      window[i] !== 0 &&
      checksum[i] !== Checksum.bad &&
      tlsRecord[i] !== TLS_ALERT &&
      tlsRecord[i] !== TLS_HANDSHAKE &&
      (httpKind[i] | dnsFlags[i] | dnsType[i] | marker[i]) === 0;
    seen[i] = plain ? Seen.uneventful : 0;
  }
}

function markFollowing(table: PacketTable, seen: Uint8Array): void {
  const { length, source, destination, sourcePort, destinationPort, ipVersion } = table;
  for (let i = 1, word = 4; i < length; i++, word += 4) {
    // Of what is not uneventful the columns may hold anything.
    if ((seen[i] & seen[i - 1]) === 0) continue;
    const same =
      sourcePort[i] === sourcePort[i - 1] &&
      destinationPort[i] === destinationPort[i - 1] &&
      source[word + 3] === source[word - 1] &&
      destination[word + 3] === destination[word - 1] &&
      // IPv4 addresses differ in their last word alone.
      ((ipVersion[i] === 4 && ipVersion[i - 1] === 4) ||
        (source[word + 2] === source[word - 2] &&
          destination[word + 2] === destination[word - 2] &&
          source[word + 1] === source[word - 3] &&
          destination[word + 1] === destination[word - 3] &&
          source[word] === source[word - 4] &&
          destination[word] === destination[word - 4]));
    if (same) seen[i] = seen[i] | Seen.follows;
  }
}
