import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss of a silent server: what comes past a tap on a router has not reached the server. */
export const silentBeyondTap: Scenario = {
  name: 'silent-beyond-tap',
  title: 'the server’s side is captured on m2; m3, between that tap and the server, swallows everything',
  network: path(),
  family: 4,
  port: 7125,
  tap: 'any',
  serverTap: 'm2',
  async play(stage) {
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 150 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 150 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 150 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    const m3 = stage.lab.host('m3');
    const fault = await stage.fault(m3, 'forward', `tcp dport ${stage.port}`, 'drop');
    client.tell('again');
    return { dropped: await fault.hits(6) };
  },
  expected: [{ code: 'peer-silent', min: 'likely', blame: 'unknown' }],
  also: [],
};
