import { type CaptureFile, openCaptureFile } from '@bothends/agent';
import { AheadReader } from '@bothends/agent/capture/pcapfile/ahead';
import {
  BothendsError,
  COLUMNS,
  decodeColumns,
  encodeColumns,
  PacketTable,
  Scan,
  scanRows,
} from '@bothends/proto';
import { difference } from '../decode/both-ways.js';

/** Few, so that the thread has much of a small file to read, and fills each of its tables again and again. */
const ROWS = 6;
/** More than any file here has. */
const MOST_ROWS = 8192;

/**
 * Where a capture file that is read ahead by native code gives something else than one that is read here, in words; null where it
 * does not. `undefined` for a file that cannot be opened or is not for being read ahead.
 */
export function aheadDifference(path: string): string | null | undefined {
  const files: CaptureFile[] = [];
  const open = () => {
    const file = openCaptureFile(path, { digestKey: null });
    files.push(file);
    return file;
  };
  try {
    const [one, other] = [open(), open()];
    const reader = AheadReader.of(one, { rows: ROWS, mostOthers: 1 });
    return reader === null ? undefined : compare(reader, one, other);
  } catch (thrown) {
    if (!(thrown instanceof BothendsError) || thrown.code === 'internal') throw thrown;
    return undefined;
  } finally {
    for (const file of files) file.close();
  }
}

function compare(reader: AheadReader, one: CaptureFile, other: CaptureFile): string | null {
  const [ahead, here] = [new Gathered(), new Gathered()];
  const table = new PacketTable(ROWS);
  let scanned: string | null = null;
  const outcome = outcomeOf(() => {
    for (let next = reader.next(); next !== null; next = reader.next()) {
      scanned ??= scanFault(next);
      ahead.add(next);
    }
  });
  reader.stop();
  const expected = outcomeOf(() => {
    while (other.next(table)) here.add(table);
  });
  if (outcome !== expected) return `the outcome is ${outcome} and ${expected}`;
  const [read, info] = [one, other].map((file) => JSON.stringify([file.bytesRead, file.info], text));
  if (read !== info) return `the file is ${read} and ${info}`;
  return scanned ?? difference([ahead.table], [here.table]);
}

/** What the scan that came with a table tells otherwise than one made here; null where nothing. */
function scanFault(table: PacketTable): string | null {
  const [a, b] = [table.scan, scanRows(table, new Scan(table.capacity))].map(
    (scan) => `${scan?.seen.subarray(0, table.length)} ${scan?.numbers}`,
  );
  return a === b ? null : `the scan is ${a} and ${b}`;
}

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value);

function outcomeOf(read: () => void): string {
  try {
    read();
    return 'the end';
  } catch (thrown) {
    if (!(thrown instanceof BothendsError)) throw thrown;
    return `${thrown.code}: ${thrown.message}`;
  }
}

/** All rows of a file, with what they mean: coded and decoded again, they have nothing of what was in a table before. */
class Gathered {
  readonly table = new PacketTable(MOST_ROWS);
  readonly #part = new PacketTable(ROWS);

  add(table: PacketTable): void {
    const { table: all } = this;
    const part = this.#part;
    decodeColumns(encodeColumns(table), part);
    for (const { name, stride } of COLUMNS)
      all[name].set(part[name].subarray(0, part.length * stride), all.length * stride);
    all.baseNs = table.baseNs;
    all.length += part.length;
  }
}
