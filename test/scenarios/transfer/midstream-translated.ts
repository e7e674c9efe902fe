import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Long-lived connections are captured in their middle: no handshake says that the two tuples are one connection. */
export const midstreamTranslated: Scenario = {
  name: 'midstream-translated',
  title: 'captured in mid-stream behind a NAT and a box that shifts sequence numbers; the client aborts',
  network: boxed,
  family: 4,
  port: 7206,
  tap: 'any',
  async underWay(stage) {
    const m1 = stage.lab.host('m1');
    await m1.nft(`table ip nat {
      chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "${m1.interface('box')}" masquerade random
      }
    }`);
    await stage.box({
      name: 'shift',
      match: { protocol: 'tcp' },
      action: { do: 'shift-sequence', delta: 987_654_321 },
    });
    const ask = [
      { do: 'send', bytes: 150 } as const,
      { do: 'receive', bytes: 150 } as const,
      { do: 'wait', ms: 20 } as const,
    ];
    return stage.pair(
      [
        { do: 'repeat', times: 20, steps: ask },
        { do: 'await', word: 'go' },
        { do: 'repeat', times: 20, steps: ask },
        { do: 'reset' },
      ],
      [{ do: 'echo' }],
    );
  },
  async play(_stage, pair) {
    pair?.client.tell('go');
    await pair?.server.waitFor('reset');
    return { clientDid: 'abort', translated: true, shifted: 987_654_321 };
  },
  expected: [
    { code: 'rst-genuine', sender: 'client', causes: ['abort'], min: 'strong' },
    { code: 'nat', min: 'strong' },
  ],
  also: [],
};
