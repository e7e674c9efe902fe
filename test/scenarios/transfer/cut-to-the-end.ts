import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** A file ends with its last packet: one that nothing reaches any more cannot tell that it saw nothing. */
export const cutToTheEnd: Scenario = {
  name: 'cut-to-the-end',
  title: 'm2 swallows everything toward the server until both captures end',
  network: path(),
  family: 4,
  port: 7206,
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
    return { dropped: await cut.hits(3) };
  },
  expected: [
    {
      code: 'data-loss',
      direction: 'toward-server',
      min: 'inconclusive',
      max: 'inconclusive',
      blame: 'unknown',
    },
  ],
  also: [],
};

/** Some retransmissions, by doubling timeouts from 200 ms on. */
const OUTAGE_MS = 2_300;
