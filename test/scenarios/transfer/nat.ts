import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

export const nat: Scenario = {
  name: 'nat',
  title: 'm1 hides the client behind its own address',
  network: path(),
  family: 4,
  port: 7115,
  tap: 'any',
  async play(stage) {
    const m1 = stage.lab.host('m1');
    await m1.nft(`table ip nat {
      chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "${m1.interface('m2')}" masquerade random
      }
    }`);
    await download(stage, 20_000);
    return { translated: true };
  },
  expected: [{ code: 'nat', min: 'strong' }],
  also: [],
};
