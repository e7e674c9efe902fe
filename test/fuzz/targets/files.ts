import { gzipSync } from 'node:zlib';
import { openCaptureFile } from '@bothends/agent';
import { BothendsError, PacketTable } from '@bothends/proto';
import { aheadDifference } from '../../contract/capture/ahead.js';
import { FileBuilder, stamp } from '../../contract/capture/blocks.js';
import { FRAMES } from '../../contract/decode/frames.js';
import type { Random } from '../../truth/random.js';
import { generate } from '../../truth/run.js';
import { mutateBytes } from '../mutate.js';
import { withFiles } from '../scratch.js';
import { type Input, insist, type Target } from '../target.js';

/** LINKTYPE_ETHERNET of the tcpdump registry. */
const ETHERNET = 1;
/** Smallest record of any format: pcapng's simple packet block has more, pcap's header alone has this. */
const RECORD_BYTES = 12;
/** Inflating may yield a thousand times the bytes; what the tests compress is far below. */
const MOST_INFLATED = 1_100;

/** Reading of one capture file: pcap, pcapng, either of them compressed; by native code the same. */
export const filesTarget: Target = {
  name: 'files',
  files: ['capture'],
  make(random: Random): Input {
    const file = random.chance(0.5)
      ? generate(random.word()).captures.client.slice(0, 20_000)
      : pcapng(random);
    const mutated = mutateBytes(file, random);
    if (random.chance(0.8)) return [mutated];
    const compressed = new Uint8Array(gzipSync(mutated));
    return [random.chance(0.5) ? compressed : mutateBytes(compressed, random)];
  },
  check(input: Input): void {
    const [bytes] = input;
    insist(bytes !== undefined, 'an input of files has one file');
    withFiles(input, ([path = '']) => {
      const rows = countRows(path);
      insist(
        rows <= (bytes.length * MOST_INFLATED) / RECORD_BYTES,
        `${rows} rows from ${bytes.length} bytes are more than can be in them`,
      );
      const found = aheadDifference(path);
      insist(found === null || found === undefined, `read ahead and read here, ${found}`);
    });
  },
};

function countRows(path: string): number {
  const table = new PacketTable(64);
  let rows = 0;
  try {
    const file = openCaptureFile(path);
    try {
      while (file.next(table)) rows += table.length;
      insist(!Number.isNaN(file.info.snaplen), 'the snaplen is a number');
    } finally {
      file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof BothendsError) || thrown.code === 'internal') throw thrown;
  }
  return rows;
}

function pcapng(random: Random): Uint8Array {
  const file = new FileBuilder(random.chance(0.5)).section();
  file.block(1, (body) => body.u16(ETHERNET, 0).u32(0));
  for (const { linkType, bytes } of Object.values(FRAMES)) {
    if (linkType !== ETHERNET || random.chance(0.3)) continue;
    const time = stamp(BigInt(random.word()));
    file.block(6, (body) => body.u32(0, ...time, bytes.length, bytes.length).bytes(bytes));
  }
  return file.block(5, (body) => body.u32(0, 0, 0).u16(5, 8).u64(3n)).build();
}
