import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const handshakeAckLost: Scenario = {
  name: 'handshake-ack-lost',
  title: 'm2 drops the client’s ACKs: the handshake never completes at the server',
  network: path(),
  family: 4,
  port: 7005,
  tap: 'any',
  async play(stage) {
    await stage.listen([]);
    const rule = `tcp dport ${stage.port} tcp flags & (syn | ack) == ack`;
    const fault = await stage.fault(stage.lab.host('m2'), 'forward', rule, 'drop');
    await stage.connect([{ do: 'drain' }]).waitFor('connected');
    return { dropped: await fault.hits(3) };
  },
  expected: [{ code: 'handshake-ack-lost', min: 'likely', max: 'strong' }],
  also: [],
};
