import { chain, type LabConfig } from '../../lab/index.js';
import type { Scenario } from '../scenario.js';

/** The address that clients know, on nobody's interface: m3 turns it into the server's. */
const VIRTUAL = '10.77.99.9';

function withVirtualAddress(): LabConfig {
  const toVirtual = { to: '10.77.99.0/24' };
  const via = (address: string) => ({ forward: true, routes: [{ ...toVirtual, via: address }] });
  return {
    ...chain({
      hosts: {
        client: { routes: [{ ...toVirtual, via: '10.77.1.2' }] },
        m1: via('10.77.2.2'),
        m2: via('10.77.3.2'),
      },
    }),
    management: false,
  };
}

/** Near miss: the server aborts behind a forwarding load balancer; its RST reaches the client from another address. */
export const loadBalancer: Scenario = {
  name: 'load-balancer',
  title: 'a load balancer forwards to the server, which closes with data unread',
  network: withVirtualAddress,
  family: 4,
  port: 6014,
  tap: 'link',
  async play(stage) {
    await stage.lab.host('m3').nft(`table ip balance {
      chain prerouting {
        type nat hook prerouting priority dstnat;
        ip daddr ${VIRTUAL} dnat to ${stage.serverAddress}
      }
    }`);
    const server = await stage.listen([{ do: 'await', word: 'close' }, { do: 'close' }], {
      serverReads: false,
    });
    const client = stage.client.endpoint({
      role: 'connect',
      address: VIRTUAL,
      port: stage.port,
      steps: [{ do: 'send', bytes: 2_000 }, { do: 'drain' }],
    });
    await client.waitFor('sent');
    await stage.wait(150);
    server.tell('close');
    await client.waitFor('reset');
    return { clientCalled: VIRTUAL, serverDid: 'close with 2000 bytes unread', clientSaid: 'reset' };
  },
  expected: [
    { code: 'rst-genuine', sender: 'server', causes: ['abort', 'process-died'], min: 'strong' },
    { code: 'nat', min: 'strong' },
  ],
  also: [],
};
