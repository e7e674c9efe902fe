import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { openCaptureFile } from '@bothends/agent';
import { createEngine, type EngineLike } from '@bothends/coordinator';
import { PacketTable, type Report } from '@bothends/proto';
import { asPublished } from '../report/schema.js';

const OPTIONS = { captureId: 'truth', captureName: '', vouchComplete: false } as const;

/** The report on two capture files, read one after the other as an engine user does, checked against its schema. `port`: asked about, or null. */
export function analyzeFiles(first: string, second: string, port: number | null = null): Report {
  const engine = createEngine({ ...OPTIONS, port });
  const paths = [first, second] as const;
  const taps = paths.map((path) => engine.addTap({ name: basename(path), role: null, addresses: [] }));
  paths.forEach((path, index) => {
    feed(engine, taps[index], path);
  });
  return asPublished(engine.report());
}

function feed(engine: EngineLike, tap: number, path: string): void {
  const file = openCaptureFile(path);
  const table = new PacketTable();
  try {
    while (file.next(table)) engine.push(tap, table);
    const { info } = file;
    engine.cover(tap, {
      backEnd: 'pcapfile',
      filter: '',
      interfaces: [],
      snaplen: info.snaplen,
      openedNs: info.openedNs,
      closedNs: info.closedNs,
      packets: null,
      kernelDrops: info.kernelDrops,
      agentDrops: 0,
      timestamps: 'file',
      gaps: [],
      watermarkNs: null,
    });
    engine.finish(tap);
  } finally {
    file.close();
  }
}

/** A folder for captures that only live while they are analysed. */
export class Workbench implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'bothends-truth-'));

  /** The report on captures in memory; both of them pass through files, as a user's do. */
  analyze(client: Uint8Array, server: Uint8Array): Report {
    const paths = [join(this.folder, 'client.pcap'), join(this.folder, 'server.pcap')] as const;
    writeFileSync(paths[0], client);
    writeFileSync(paths[1], server);
    return analyzeFiles(...paths);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
