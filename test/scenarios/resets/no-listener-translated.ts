import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

const BEHIND = 8_080;

/** Near miss: one connection passes a host's tap by two tuples, as with a published port of a container. */
export const noListenerTranslated: Scenario = {
  name: 'no-listener-translated',
  title: 'm3 publishes a port of the server, on which nothing listens; the server’s side is captured on m3',
  network: path(),
  family: 4,
  port: 6027,
  tap: 'any',
  serverTap: 'm3',
  async play(stage) {
    const published = '10.77.3.2';
    await stage.lab.host('m3').nft(`table ip nat {
      chain prerouting {
        type nat hook prerouting priority dstnat;
        ip daddr ${published} tcp dport ${stage.port} dnat to ${stage.serverAddress}:${BEHIND}
      }
    }`);
    const before = await stage.kernelCounter(stage.server, 'TcpOutRsts');
    const client = stage.client.endpoint({
      role: 'connect',
      address: published,
      port: stage.port,
      steps: [],
    });
    await client.waitFor('error');
    const sent = (await stage.kernelCounter(stage.server, 'TcpOutRsts')) - before;
    return { serverSentRsts: sent, clientSaid: 'error' };
  },
  expected: [
    {
      code: 'rst-genuine',
      direction: 'toward-client',
      sender: 'server',
      causes: ['no-listener'],
      // The tap on m3 is not the server's own.
      min: 'likely',
    },
  ],
  // With less of it, the RST is seen as it came in to m3 only, with the TTL that it left the server with.
  also: ['rst-genuine'],
};
