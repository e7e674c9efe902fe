import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** As when a firewall loses its session table: no RST, no ICMP, and every packet from then on is gone. */
export const pathCut: Scenario = {
  name: 'path-cut',
  title: 'm2 swallows everything of a connection toward the server from one moment on',
  network: path(),
  family: 4,
  port: 7204,
  tap: 'any',
  async play(stage) {
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 200 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 900 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 200 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    const m2 = stage.lab.host('m2');
    const cut = await stage.fault(m2, 'forward', `tcp dport ${stage.port}`, 'drop');
    client.tell('again');
    await stage.wait(OUTAGE_MS);
    const dropped = await cut.hits(3);
    // Other connections pass, so that the server's capture reaches beyond.
    await stage.control();
    return { dropped };
  },
  expected: [
    {
      code: 'data-loss',
      direction: 'toward-server',
      min: 'likely',
      attributes: { lost: { atLeast: 3 }, cutOffMs: { atLeast: 1_000, atMost: 2_500 } },
    },
  ],
  also: [],
};

/** Some retransmissions, by doubling timeouts from 200 ms on. */
const OUTAGE_MS = 2_300;
