import { onBothEnds, path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** The client's TCP ends the connection without a word; only what comes later draws its RST. */
export const gaveUp: Scenario = {
  name: 'gave-up',
  title: 'the path drops the client’s data until its TCP gives up; then the server speaks and is reset',
  network: path({ hosts: onBothEnds({ 'net.ipv4.tcp_retries2': 2 }) }),
  family: 4,
  port: 7203,
  tap: 'any',
  async play(stage) {
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 200 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 200 },
        { do: 'drain' },
      ],
      [
        { do: 'receive', bytes: 200 },
        { do: 'send', bytes: 300 },
        { do: 'await', word: 'speak' },
        { do: 'send', bytes: 400 },
        { do: 'drain' },
      ],
    );
    await client.waitFor('received');
    const drop = await stage.fault(stage.lab.host('m2'), 'forward', `tcp dport ${stage.port}`, 'drop');
    client.tell('again');
    const error = await client.waitFor('error', { timeoutMs: GIVES_UP_MS });
    certain(error.detail === 'ETIMEDOUT', 'the client’s TCP must have timed out');
    const dropped = await drop.hits(2);
    await drop.lift();
    server.tell('speak');
    await server.waitFor('reset');
    await stage.control();
    return { dropped, clientSaid: error.detail };
  },
  expected: [
    { code: 'rst-genuine', sender: 'client', causes: ['half-open'], min: 'strong' },
    { code: 'data-loss', direction: 'toward-server', min: 'likely' },
  ],
  also: [],
};

/** Two retransmissions and the timeout after them. */
const GIVES_UP_MS = 15_000;
