import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** The client's host forgets its connection and uses the same port again: SYN, challenge ACK, RST, SYN. */
export const portReuse: Scenario = {
  name: 'port-reuse',
  title: 'the client restarts on the same port while the server still holds the old connection',
  network: path(),
  family: 4,
  port: 6004,
  tap: 'any',
  async play(stage) {
    const clientPort = 41_000;
    const first = await stage.pair(
      [{ do: 'send', bytes: 100 }, { do: 'receive', bytes: 300 }, { do: 'drain' }],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
      { clientPort },
    );
    await first.client.waitFor('received');
    const crash = await stage.fault(stage.client, 'output', `tcp dport ${stage.port}`, 'drop');
    first.client.signal('SIGKILL');
    await first.client.exited;
    await stage.client.check(['ss', '-K', `dport = :${stage.port}`]);
    await crash.lift();
    const again = stage.connect(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 300 },
      ],
      { clientPort },
    );
    await again.waitFor('received');
    await first.server.waitFor('reset');
    return { clientDid: 'the same port again', serverSaid: 'reset on the first connection' };
  },
  expected: [{ code: 'port-reuse', min: 'likely' }],
  also: ['rst-genuine', 'loss-in-sender'],
};
