import { join } from 'node:path';
import { chain, Lab } from '../../lab/index.js';
import type { Bench } from '../case.js';
import { SEGMENT_BYTES } from './segment.js';

/** About 60 000 packets/s with their ACKs, which two tcpdumps on a small machine keep up with. */
const SHAPE = { bitsPerSecond: 500_000_000, burstBytes: 128 * 1024, latencyMs: 50 };
const PORT = 5001;
/** Full segments for each packet in all: Linux acknowledges some twenty at once on such a link. */
const DATA_SHARE = 0.96;

export interface Recorded {
  readonly paths: readonly [string, string];
  readonly packets: readonly [number, number];
}

/** Of packets that are passed on, either way, one in so many is lost. */
const lossOf = (one: number) =>
  `table inet loss { chain c { type filter hook forward priority 0; numgen random mod ${one} == 0 drop; }; }`;

/**
 * Records a bulk transfer between two hosts of a lab, with tcpdump at both ends.
 * @param oneLost the path loses one packet in so many; null: none
 */
export async function recordBulk(
  bench: Bench,
  flows: number,
  oneLost: number | null = null,
): Promise<Recorded> {
  const plain = { tso: false, gso: false, gro: false } as const;
  const end = { offloads: plain };
  const shaped = { offloads: plain, shape: SHAPE };
  await using lab = await Lab.create(
    chain({
      routers: 1,
      families: [4],
      links: { 'client-m1': { left: shaped, right: end }, 'm1-server': { left: end, right: end } },
    }),
  );
  const [client, server] = [lab.host('client'), lab.host('server')];
  if (oneLost !== null) await lab.host('m1').nft(lossOf(oneLost));
  const bytes = Math.round((bench.packets * DATA_SHARE * SEGMENT_BYTES) / flows);
  bench.say(`recording ${flows} transfers of ${Math.round(bytes / 1e6)} MB`);
  const paths = [join(bench.folder, 'client.pcap'), join(bench.folder, 'server.pcap')] as const;
  const taps = [
    await client.record(paths[0], { interface: client.interface() }),
    await server.record(paths[1], { interface: server.interface() }),
  ] as const;
  const listener = server.endpoint({ role: 'listen', port: PORT, steps: [{ do: 'drain' }] });
  await listener.waitFor('listening');
  const senders = Array.from({ length: flows }, () =>
    client.endpoint({
      role: 'connect',
      address: server.address(),
      port: PORT,
      steps: [{ do: 'send', bytes }],
    }),
  );
  await Promise.all(senders.map((sender) => sender.exited));
  const counts = [await taps[0].stop(), await taps[1].stop()] as const;
  await listener.stop();
  for (const { dropped } of counts) if (dropped > 0) bench.say(`tcpdump dropped ${dropped} packets`);
  return { paths, packets: [counts[0].captured, counts[1].captured] };
}
