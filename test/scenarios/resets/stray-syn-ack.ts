import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** The port that the device turns the called one into. */
const INNER_PORT = 6129;

/** As when a NAT is passed by on the way back: the client resets a SYN-ACK that is from nobody it called. */
export const straySynAck: Scenario = {
  name: 'stray-syn-ack',
  title: 'm3 translates the port of what goes to the server and not of what comes back',
  network: path(),
  family: 4,
  port: 6029,
  tap: 'link',
  async play(stage) {
    const m3 = stage.lab.host('m3');
    await m3.nft(`table ip oneway {
      chain prerouting {
        type filter hook prerouting priority raw;
        ip daddr ${stage.serverAddress} tcp dport ${stage.port} tcp dport set ${INNER_PORT}
      }
    }`);
    const server = stage.server.endpoint({ role: 'listen', port: INNER_PORT, steps: [{ do: 'drain' }] });
    await server.waitFor('listening');
    stage.connect([{ do: 'drain' }]);
    await stage.wait(2_500);
    const resets = await stage.kernelCounter(stage.client, 'TcpOutRsts');
    certain(resets >= 2, `the client’s stack must have sent RSTs, not ${resets}`);
    certain(!server.said('connected'), 'no connection may come about');
    return { oneWay: 'destination port', clientStackSentRsts: resets };
  },
  expected: [
    { code: 'rst-genuine', sender: 'client', causes: ['un-natted-stray'], min: 'strong' },
    { code: 'nat', min: 'strong' },
  ],
  also: [],
};
