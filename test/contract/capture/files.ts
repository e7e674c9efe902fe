import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CaptureFileInfo, openCaptureFile } from '@bothends/agent/capture/pcapfile/file';
import { PacketTable } from '@bothends/proto';
import { onTestFinished } from 'vitest';

/** Writes a file that goes with the test; its path. */
export function temporaryFile(name: string, bytes: Uint8Array | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-capture-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

export interface ReadPacket {
  /** Epoch ns. */
  readonly timeNs: bigint;
  readonly capturedLength: number;
  readonly wireLength: number;
  readonly ifindex: number;
  readonly packetType: number;
  readonly sourcePort: number;
}

/** Reads a whole file through tables of `capacity` rows. */
export function readAll(path: string, capacity = 4096): { packets: ReadPacket[]; info: CaptureFileInfo } {
  const file = openCaptureFile(path);
  try {
    const table = new PacketTable(capacity);
    const packets: ReadPacket[] = [];
    while (file.next(table)) for (let i = 0; i < table.length; i++) packets.push(packetOf(table, i));
    return { packets, info: file.info };
  } finally {
    file.close();
  }
}

function packetOf(table: PacketTable, i: number): ReadPacket {
  return {
    timeNs: table.baseNs + BigInt(table.time[i] as number),
    capturedLength: table.capturedLength[i] as number,
    wireLength: table.wireLength[i] as number,
    ifindex: table.ifindex[i] as number,
    packetType: table.packetType[i] as number,
    sourcePort: table.sourcePort[i] as number,
  };
}
