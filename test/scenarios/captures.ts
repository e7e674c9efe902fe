import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TEST_ROOT } from '../lab/paths.js';

/** Where the recorded captures of a scenario are. */
export function captureFolder(name: string): string {
  return join(TEST_ROOT, 'captures', name);
}

export function capturePaths(name: string): readonly [client: string, server: string] {
  return [join(captureFolder(name), 'client.pcap'), join(captureFolder(name), 'server.pcap')];
}

/** Paths of all recorded captures. */
export function recordedCaptures(): string[] {
  const folder = join(TEST_ROOT, 'captures');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.pcap')).map((name) => join(folder, name));
}
