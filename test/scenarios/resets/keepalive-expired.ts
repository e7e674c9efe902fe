import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const keepaliveExpired: Scenario = {
  name: 'keepalive-expired',
  title: 'the client’s keepalives stay unanswered: it gives up with a RST',
  network: path(),
  family: 4,
  port: 6005,
  tap: 'link',
  async play(stage) {
    const { client } = await stage.pair(
      [{ do: 'send', bytes: 100 }, { do: 'receive', bytes: 200 }, { do: 'drain' }],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 200 }, { do: 'drain' }],
      { keepAliveMs: 1_000 },
    );
    await client.waitFor('received');
    const m2 = stage.lab.host('m2');
    const fault = await stage.fault(m2, 'forward', `iifname "${m2.interface('m3')}"`, 'drop');
    // libuv asks for ten probes, one each second.
    const event = await client.waitFor('error', { timeoutMs: 20_000 });
    return { dropped: await fault.hits(2), clientSaid: event.detail };
  },
  expected: [
    { code: 'rst-genuine', sender: 'client', causes: ['keepalive-expired', 'abort'], min: 'likely' },
  ],
  also: ['ack-loss'],
};
