import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const peerSilent: Scenario = {
  name: 'peer-silent',
  title: 'the server’s host drops everything of an established connection above its tap',
  network: path(),
  family: 4,
  port: 7118,
  tap: 'link',
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
    const fault = await stage.fault(stage.server, 'input', `tcp dport ${stage.port}`, 'drop');
    client.tell('again');
    return { dropped: await fault.hits(6) };
  },
  expected: [{ code: 'peer-silent', min: 'likely' }],
  also: ['slow-server'],
};
