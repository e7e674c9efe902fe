import { type PacketTable, type Scan, scanRows } from '@bothends/proto';
import { plainAddon, type Scanned } from './plain-addon.js';

/** By table: the scan that it is scanned into, and the add-on's handle of both. */
const known = new WeakMap<PacketTable, { scan: Scan; scanned: Scanned }>();

/** `scanRows` by the add-on where it is built, in a quarter of the time. `scan` has room for all rows of the table. */
export function scanTable(scan: Scan, table: PacketTable): void {
  const addon = plainAddon();
  if (addon === null) {
    scanRows(table, scan);
    return;
  }
  let found = known.get(table);
  if (found?.scan !== scan) {
    found = { scan, scanned: addon.bindScan(table, scan.seen, scan.numbers) };
    known.set(table, found);
  }
  addon.scan(found.scanned, table.length);
}
