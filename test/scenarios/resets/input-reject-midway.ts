import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: the host itself resets, and neither its stack nor its application knows. */
export const inputRejectMidway: Scenario = {
  name: 'input-reject-midway',
  title: 'a rule of the server’s own firewall rejects a connection in its middle',
  network: path(),
  family: 4,
  port: 7202,
  tap: 'link',
  async play(stage) {
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 200 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 200 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 200 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    const rule = await stage.fault(stage.server, 'input', `tcp dport ${stage.port}`, 'reject with tcp reset');
    client.tell('again');
    await client.waitFor('reset');
    const rejected = await rule.hits(1);
    await stage.control();
    return { rejected, resetsOfTheStack: await stage.kernelCounter(stage.server, 'TcpOutRsts') };
  },
  expected: [
    { code: 'rst-genuine', sender: 'server', causes: ['local-firewall', 'half-open'], min: 'strong' },
  ],
  also: [],
};
