import { onBothEnds, path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/**
 * The handshake’s last ACK reaches a server that throws it away and repeats its SYN-ACK. An INPUT rule does what an
 * accept queue does that fills between SYN and ACK, which no test can time.
 */
export const acceptStalled: Scenario = {
  name: 'accept-stalled',
  title: 'the server’s host drops the ACKs that would complete the handshake and repeats its SYN-ACK',
  network: path({ hosts: onBothEnds({ 'net.ipv4.tcp_syncookies': 0 }) }),
  family: 4,
  port: 7003,
  tap: 'link',
  async play(stage) {
    await stage.listen([]);
    const fault = await stage.fault(
      stage.server,
      'input',
      `tcp dport ${stage.port} tcp flags & (syn | ack) == ack`,
      'drop',
    );
    const client = stage.connect([{ do: 'drain' }]);
    await client.waitFor('connected');
    const dropped = await fault.hits(3);
    const repeated = await stage.kernelCounter(stage.server, 'TcpExtTCPSynRetrans');
    certain(repeated >= 1, 'the server must have repeated its SYN-ACK');
    return { dropped, synAckRetransmissions: repeated };
  },
  expected: [{ code: 'accept-stalled', min: 'likely' }],
  also: [],
};
