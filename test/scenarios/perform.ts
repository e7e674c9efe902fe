import { join } from 'node:path';
import { Lab, type LabHost, type Recording, type RecordingCounts } from '../lab/index.js';
import type { Scenario, Truth } from './scenario.js';
import { Stage } from './stage.js';

/** Everything between the hosts but neighbour discovery, which is the link's own business. */
export const FILTER = 'tcp or udp or icmp or (icmp6 and ip6[40] < 128)';

/** What a staged scenario left behind: `client.pcap` and `server.pcap` in the folder, and these. */
export interface Performance {
  readonly truth: Truth;
  readonly client: RecordingCounts;
  readonly server: RecordingCounts;
}

/** Builds the scenario's lab, plays it while both taps record into `folder`, and removes the lab. Needs root. */
export async function perform(scenario: Scenario, folder: string): Promise<Performance> {
  await using lab = await Lab.create(scenario.network());
  const stage = new Stage(lab, scenario.family, scenario.port);
  const pair = await scenario.underWay?.(stage);
  const recordings = await Promise.all([
    tap(stage.client, 'client', scenario, folder),
    tap(lab.host(scenario.serverTap ?? 'server'), 'server', scenario, folder),
  ]);
  const truth = await scenario.play(stage, pair);
  const [client, server] = await Promise.all(recordings.map((recording) => recording.stop()));
  return { truth, client, server };
}

function tap(
  host: LabHost,
  side: 'client' | 'server',
  scenario: Scenario,
  folder: string,
): Promise<Recording> {
  const device = scenario.tap === 'link' ? { interface: host.interface() } : {};
  return host.record(join(folder, `${side}.pcap`), { filter: FILTER, ...device });
}
