import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

/** Near miss: what is lost comes in bursts of large packets, and no size is to blame. */
export const policed: Scenario = {
  name: 'policed',
  title: 'm2 drops what comes faster than a rate, beyond a burst',
  // Segments of wire size: a policer takes or drops a super-packet of this lab as a whole.
  network: path({ links: { 'm3-server': { right: { offloads: { tso: false, gso: false } } } } }),
  family: 4,
  port: 7205,
  tap: 'link',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    await m2.nft(`table inet police {
      counter over { }
      chain here {
        type filter hook forward priority 0;
        tcp sport ${stage.port} limit rate over 60 kbytes/second burst 9 kbytes counter name over drop
      }
    }`);
    await download(stage);
    return { dropped: await stage.counted(m2, 'over', 1) };
  },
  expected: [{ code: 'data-loss', direction: 'toward-client', min: 'likely' }],
  also: [],
};
