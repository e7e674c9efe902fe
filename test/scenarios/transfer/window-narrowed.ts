import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { upload } from './transfer.js';

/** Near miss: what a device that shapes traffic makes of an ACK is still that ACK, and nothing is lost. */
export const windowNarrowed: Scenario = {
  name: 'window-narrowed',
  title: 'm2 writes a small window into everything that the server sends',
  network: path(),
  family: 4,
  port: 7124,
  tap: 'link',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    await m2.nft(`table ip shaper {
      counter hits { }
      chain here {
        type filter hook forward priority 0;
        tcp sport ${stage.port} tcp flags & (syn | rst) == 0 tcp window set 20 counter name hits
      }
    }`);
    await upload(stage);
    const narrowed = await stage.counted(m2, 'hits', 2);
    certain(narrowed >= 2, 'the server must have sent ACKs');
    return { narrowed };
  },
  expected: [],
  also: ['slow-path'],
};
