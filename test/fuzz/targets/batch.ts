import { openCaptureFile } from '@bothends/agent';
import { BothendsError, decodeColumns, encodeColumns, PacketTable } from '@bothends/proto';
import type { Random } from '../../truth/random.js';
import { generate } from '../../truth/run.js';
import { mutateBytes } from '../mutate.js';
import { withFiles } from '../scratch.js';
import { type Input, insist, type Target } from '../target.js';

/** Rows of a batch here: several of every kind, and quick to decode. */
const MOST_ROWS = 300;

/** The first packets of a synthetic capture, coded. */
export function codedRows(pcap: Uint8Array, rows = MOST_ROWS): Uint8Array {
  return withFiles([pcap], ([path = '']) => {
    const table = new PacketTable();
    const file = openCaptureFile(path);
    file.next(table);
    file.close();
    return encodeColumns(table, 0, Math.min(table.length, rows));
  });
}

/** Decoding of a batch's columns, as they may come from a broken or hostile agent. */
export const batchTarget: Target = {
  name: 'batch',
  files: ['columns.bin'],
  make(random: Random): Input {
    if (random.chance(0.05)) return [random.bytes(random.integer(0, 300))];
    return [mutateBytes(codedRows(generate(random.word()).captures.client), random)];
  },
  check([bytes]: Input): void {
    insist(bytes !== undefined, 'an input of batch has one file');
    const table = new PacketTable();
    try {
      decodeColumns(bytes, table);
    } catch (thrown) {
      if (!(thrown instanceof BothendsError) || thrown.code === 'internal') throw thrown;
      insist(table.length === 0, 'a batch that cannot be decoded leaves no rows');
      return;
    }
    insist(table.length <= table.capacity, 'a table holds what fits');
    const again = encodeColumns(table, 0, table.length);
    const twin = new PacketTable();
    decodeColumns(again, twin);
    insist(twin.length === table.length, 'what was decoded can be coded and decoded again');
  },
};
