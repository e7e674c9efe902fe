import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../truth/run.js';

/** Files of the captures of one incident. */
export type CapturePaths = readonly [client: string, server: string];

const FIRST_SEED = 1;

/**
 * Writes the captures of `runs` synthetic incidents, one after the other, and has each looked at: NAT, offloads, faulty
 * clocks and taps, losses and forgeries are drawn at random by the seed. The files are gone after it.
 */
export function eachIncident(runs: number, look: (paths: CapturePaths, seed: number) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-incidents-'));
  const paths = [join(folder, 'client.pcap'), join(folder, 'server.pcap')] as const;
  try {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + runs; seed++) {
      const { client, server } = generate(seed).captures;
      writeFileSync(paths[0], client);
      writeFileSync(paths[1], server);
      look(paths, seed);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
