import { LinkType } from '@bothends/agent/decode/link';
import { pcapFileHeader, pcapRecord } from '@bothends/agent/testing/pcap-writer';
import {
  difference,
  type Frame,
  pcapngTables,
  pcapTables,
  ringTables,
  scanDifference,
} from '../../contract/decode/both-ways.js';
import { FRAMES } from '../../contract/decode/frames.js';
import type { Random } from '../../truth/random.js';
import { mutateBytes } from '../mutate.js';
import { type Input, insist, type Target } from '../target.js';

/** Of these the add-on reads packets. */
const LINK_TYPES: readonly number[] = [LinkType.ethernet, LinkType.raw, LinkType.cooked2];
const PACKETS = 200;
const SNAPLEN = 192;
const EPOCH_NS = 1_700_000_000_000_000_000n;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const COOKED_BYTES = 20;
/** Hardware types and status bits of a ring that change what becomes of a packet. */
const HARDWARE = [1, 1, 772, 824];
const STATUS = [0, 0, 8, 16, 24];
const PROTOCOLS = [0x0800, 0x86dd, 0x8100, 0];

/** Packets decoded with the add-on for plain ones and without it: the rows are the same, of files and of a ring. */
export const plainTarget: Target = {
  name: 'plain',
  files: ['capture.pcap'],
  make(random: Random): Input {
    const linkType = random.pick(LINK_TYPES);
    const known = Object.values(FRAMES).filter((frame) => frame.linkType === linkType);
    const parts = [pcapFileHeader(linkType, SNAPLEN)];
    for (let i = 0; i < PACKETS; i++) {
      const { bytes } = random.pick(known);
      const packet = random.chance(0.4) ? bytes : mutateBytes(bytes, random);
      const kept = random.chance(0.2) ? packet.subarray(0, random.integer(0, packet.length)) : packet;
      parts.push(pcapRecord(kept, EPOCH_NS + BigInt(random.word()), packet.length));
    }
    return [new Uint8Array(Buffer.concat(parts))];
  },
  check([file]: Input): void {
    insist(file !== undefined, 'an input of plain has one file');
    for (const key of [undefined, null]) {
      const tables = pcapTables(file, key, false);
      for (const found of [
        difference(tables, pcapTables(file, key, true)),
        difference(pcapngTables(file, key, false), pcapngTables(file, key, true)),
        scanDifference(tables),
      ])
        insist(found === null, `with the add-on and without it, ${found}`);
    }
    const { linkType, frames } = framesOf(file);
    const found = difference(ringTables(frames, linkType, false), ringTables(frames, linkType, true));
    insist(found === null, `of a ring, with the add-on and without it, ${found}`);
  },
};

/** The packets of a file as a ring would have them: what the kernel says of each follows from its length. */
function framesOf(file: Uint8Array): { linkType: number; frames: Frame[] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const linkType = view.getUint32(20, true);
  const frames: Frame[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= file.length; ) {
    const captured = view.getUint32(at + 8, true);
    const wireLength = view.getUint32(at + 12, true);
    const pick = (from: readonly number[], salt: number) =>
      from[(captured + frames.length * salt) % from.length] as number;
    // On `any` a ring has packets without link header, and what that would say of them beside.
    const without = linkType === LinkType.cooked2 ? Math.min(COOKED_BYTES, captured) : 0;
    const start = at + RECORD_HEADER + without;
    const stated = without === COOKED_BYTES ? view.getUint16(start - without) : 0;
    frames.push({
      bytes: file.subarray(start, start + captured - without),
      wireLength: Math.max(0, wireLength - without),
      status: pick(STATUS, 3),
      vlanTci: 0x2000 + frames.length,
      hardware: pick(HARDWARE, 5),
      packetType: frames.length % 5,
      protocol: stated || pick(PROTOCOLS, 7),
    });
    at += RECORD_HEADER + captured;
  }
  return { linkType, frames };
}
