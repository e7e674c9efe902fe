import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { converse, drawScript } from '../truth/apps.js';
import { lossy } from '../truth/devices/loss.js';
import { reordering } from '../truth/devices/order.js';
import { KINDS } from '../truth/kinds/index.js';
import { type Kind, somewhere } from '../truth/kinds/kind.js';
import { generate } from '../truth/run.js';
import { MS, SECOND } from '../truth/sim/scheduler.js';

/** Files of the captures of one incident. */
export type CapturePaths = readonly [client: string, server: string];

const FIRST_SEED = 1;

/** Payload bytes that each end of a long transfer sends: more packets than the engine remembers matched records. */
const LONG_BYTES = 700_000;

/** Long transfers both ways over a path that loses data and ACKs of both and holds some of them back. */
export const LOSSY_TRANSFERS: Kind = {
  name: 'lossy-transfers',
  lengthNs: 60 * SECOND,
  plot(random, environment) {
    const [there, back] = ['toward-server', 'toward-client'] as const;
    const at = () => somewhere(random, environment);
    return {
      devices: [
        lossy(at(), there, ['data', 'ack'], random.scale(0.002, 0.05)),
        lossy(at(), back, ['data', 'ack'], random.scale(0.002, 0.05)),
        reordering(at(), random.pick([there, back]), random.scale(0.001, 0.01), random.scale(MS, 5 * MS)),
      ],
      play(world) {
        const payload = () => world.payload(LONG_BYTES / 2);
        const sizes = { requests: 2, request: payload, response: payload };
        for (let flow = 0; flow < 2; flow++)
          converse(world, drawScript(world, { ...sizes, serverPort: 7000 + flow, pauseNs: () => MS }));
      },
      expect: () => [],
    };
  },
};

/**
 * Writes the captures of `runs` synthetic incidents, one after the other, and has each looked at: NAT, offloads, faulty
 * clocks and taps, losses and forgeries are drawn at random by the seed. The files are gone after it.
 */
export function eachIncident(
  runs: number,
  look: (paths: CapturePaths, seed: number) => void,
  kinds: readonly Kind[] = KINDS,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-incidents-'));
  const paths = [join(folder, 'client.pcap'), join(folder, 'server.pcap')] as const;
  try {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + runs; seed++) {
      const { client, server } = generate(seed, kinds).captures;
      writeFileSync(paths[0], client);
      writeFileSync(paths[1], server);
      look(paths, seed);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
