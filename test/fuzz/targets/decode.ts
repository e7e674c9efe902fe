import { Decoder } from '@bothends/agent';
import { Layer, PacketTable } from '@bothends/proto';
import { FRAMES } from '../../contract/decode/frames.js';
import type { Random } from '../../truth/random.js';
import { mutateBytes } from '../mutate.js';
import { type Input, insist, type Target } from '../target.js';

/** An input begins with the link type, a byte that stands for how much longer the packet was on the wire. */
const HEAD_BYTES = 5;
/** Bytes around the packet, which must not show in its row. */
const ROOM = 32;

/** Decoding of one packet. */
export const decodeTarget: Target = {
  name: 'decode',
  files: ['packet.bin'],
  make(random: Random): Input {
    const { linkType, bytes } = random.pick(Object.values(FRAMES));
    const packet = random.chance(0.1) ? random.bytes(random.integer(0, 200)) : mutateBytes(bytes, random);
    const input = new Uint8Array(HEAD_BYTES + packet.length);
    new DataView(input.buffer).setUint32(0, linkType);
    input[4] = random.word();
    input.set(packet, HEAD_BYTES);
    return [input];
  },
  check([input]: Input): void {
    insist(input !== undefined && input.length >= HEAD_BYTES, 'an input of decode has a head');
    const linkType = new DataView(input.buffer, input.byteOffset).getUint32(0);
    const packet = input.subarray(HEAD_BYTES);
    const wireLength = packet.length + (input[4] as number);
    const row = decode(linkType, packet, wireLength, 0x00);
    const other = decode(linkType, packet, wireLength, 0xff);
    insist(row.length === 1, 'one packet is one row');
    insist((row.layer[0] as number) <= Layer.transport, 'the layer is one of four');
    insist((row.digestLength[0] as number) <= 64, 'a digest covers at most 64 bytes');
    insist((row.sackCount[0] as number) <= 4, 'at most four SACK blocks fit');
    insist(row.digestLow[0] === other.digestLow[0], 'the digest depends on the packet alone');
    insist(row.payloadLength[0] === other.payloadLength[0], 'lengths depend on the packet alone');
  },
};

function decode(linkType: number, packet: Uint8Array, wireLength: number, around: number): PacketTable {
  const buffer = new Uint8Array(packet.length + 2 * ROOM).fill(around);
  buffer.set(packet, ROOM);
  const table = new PacketTable(1);
  new Decoder({ linkType }).decode(buffer, ROOM, packet.length, wireLength, 0, table);
  return table;
}
