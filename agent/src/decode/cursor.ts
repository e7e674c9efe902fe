import { Layer, Mark, PacketTable } from '@bothends/proto';
import type { KeyedDigest, PayloadDigest } from './digest.js';
import type { NameBook } from './name-book.js';
import { type Next, STOP } from './next.js';

const NO_BYTES = new DataView(new ArrayBuffer(0));

/**
 * Where the walk over one packet stands. One object per decoder, reused for every packet, so that nothing is allocated.
 * Offsets count in `view`. Invariant: a header's decoder checks `end` once before it reads.
 */
export class Cursor {
  view: DataView = NO_BYTES;
  table = new PacketTable(1);
  row = 0;
  /** First byte of the next header. */
  at = 0;
  /** One past the last captured byte of the packet; never past `wireEnd` once an IP header was read. */
  end = 0;
  /** One past the packet's last byte on the wire; past `end` where the snaplen cut it. */
  wireEnd = 0;
  layer: number = Layer.none;
  marks = 0;
  /** Of names and addresses, and of payloads. */
  readonly digest: KeyedDigest;
  readonly payloadDigest: PayloadDigest;
  /** Takes names in clear; null where they leave as digests only. */
  readonly names: NameBook | null;

  constructor(digest: KeyedDigest, payloadDigest: PayloadDigest, names: NameBook | null) {
    this.names = names;
    this.digest = digest;
    this.payloadDigest = payloadDigest;
  }

  /** A header does not fit in what was captured: cut by the snaplen, or the packet itself is too short. */
  tooShort(): Next {
    this.marks |= this.end < this.wireEnd ? Mark.cut : Mark.malformed;
    return STOP;
  }

  malformed(): Next {
    this.marks |= Mark.malformed;
    return STOP;
  }

  unsupported(): Next {
    this.marks |= Mark.unsupported;
    return STOP;
  }

  /** The IP packet ends at `ipEnd` on the wire: what follows is padding, a check sequence or a trailer. */
  endAt(ipEnd: number): void {
    if (ipEnd > this.wireEnd) this.marks |= Mark.malformed;
    this.wireEnd = ipEnd;
    if (this.end > ipEnd) this.end = ipEnd;
  }

  /** The row describes the packet inside this tunnel from here on. */
  enterTunnel(kind: number): void {
    const { table, row } = this;
    table.tunnel[row] = kind;
    table.ipVersion[row] = 0;
    table.protocol[row] = 0;
    this.layer = Layer.link;
  }
}
