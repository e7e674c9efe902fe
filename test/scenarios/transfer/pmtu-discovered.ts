import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

export const pmtuDiscovered: Scenario = {
  name: 'pmtu-discovered',
  title: 'a link of 1400 bytes whose router says so: path MTU discovery works',
  network: path({ links: { 'm2-m3': { mtu: 1_400 } } }),
  family: 4,
  port: 7110,
  tap: 'link',
  async play(stage) {
    await download(stage, 30_000);
    return { mtu: 1_400, received: 30_000 };
  },
  expected: [],
  also: ['icmp-error', 'data-loss'],
};
