import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** A NAT box forgets its mapping and lets a packet out as it is: the server's RST goes to the client's real address. */
export const unNattedStray: Scenario = {
  name: 'un-natted-stray',
  title: 'm1 loses its NAT table; the server resets the stranger that the client’s next packet comes from',
  network: path(),
  family: 4,
  port: 6007,
  tap: 'link',
  async play(stage) {
    const m1 = stage.lab.host('m1');
    await m1.nft(`table ip nat {
      chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "${m1.interface('m2')}" masquerade
      }
    }`);
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 100 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    await m1.check(['nft', 'delete', 'table', 'ip', 'nat']);
    await m1.run(['conntrack', '-F']);
    client.tell('again');
    await client.waitFor('reset');
    const resets = await stage.kernelCounter(stage.server, 'TcpOutRsts');
    certain(resets === 1, `the server’s stack must have sent one RST, not ${resets}`);
    return { natDid: 'forget', serverStackSentRsts: resets, clientSaid: 'reset' };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', min: 'likely' }],
  also: ['data-loss'],
};
