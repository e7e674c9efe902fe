import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { upload } from './transfer.js';

/** A bucket too small for the bursts of the client's own TCP: it takes their heads and drops their tails, above the tap. */
const BUCKET = { bitsPerSecond: 20_000_000, burstBytes: 5_000, latencyMs: 4 } as const;

export const lossInSender: Scenario = {
  name: 'loss-in-sender',
  title: 'the client’s own queueing discipline drops some of its segments before its tap',
  network: path({ links: { 'client-m1': { left: { shape: BUCKET } } } }),
  family: 4,
  port: 7122,
  tap: 'link',
  async play(stage) {
    await upload(stage);
    const listing = await stage.client.check(['tc', '-s', 'qdisc', 'show', 'dev', stage.client.interface()]);
    const dropped = Number(/dropped (\d+)/.exec(listing)?.[1]);
    certain(dropped > 0, 'the queueing discipline must have dropped something');
    return { droppedBeforeTheTap: dropped };
  },
  expected: [{ code: 'loss-in-sender', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: ['slow-path'],
};
