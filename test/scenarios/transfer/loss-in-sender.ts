import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { upload } from './transfer.js';

/** The device's egress hook drops before the tap: the loss is the client's own, and its tap first sees the retransmission. */
export const lossInSender: Scenario = {
  name: 'loss-in-sender',
  title: 'the client’s own egress hook drops some of its segments before its tap',
  network: path({ links: { 'client-m1': { left: { offloads: { tso: false, gso: false } } } } }),
  family: 4,
  port: 7122,
  tap: 'link',
  async play(stage) {
    const device = stage.client.interface();
    await stage.client.nft(`table netdev fault {
      counter hits { }
      chain egress {
        type filter hook egress device "${device}" priority 0;
        tcp flags & (syn | fin) == 0 numgen random mod 100 < 20 counter name hits drop
      }
    }`);
    // The hook is above segmentation: what it drops are runs of segments.
    await upload(stage, 250_000);
    const { packets } = await stage.client.counter('hits');
    certain(packets > 0, 'the egress hook must have dropped something');
    return { droppedBeforeTheTap: packets };
  },
  expected: [{ code: 'loss-in-sender', min: 'likely', max: 'strong' }],
  also: ['slow-path'],
};
