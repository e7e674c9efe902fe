import { join } from 'node:path';
import { TEST_ROOT } from '../lab/paths.js';

/** Where the recorded captures of a scenario are. */
export function captureFolder(name: string): string {
  return join(TEST_ROOT, 'captures', name);
}

export function capturePaths(name: string): readonly [client: string, server: string] {
  return [join(captureFolder(name), 'client.pcap'), join(captureFolder(name), 'server.pcap')];
}
