import { boxedWith } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const acceptQueueAbort: Scenario = {
  name: 'accept-queue-abort',
  title: 'the accept queue is full and tcp_abort_on_overflow is set: the server’s stack resets',
  network: boxedWith({ 'net.ipv4.tcp_abort_on_overflow': 1, 'net.ipv4.tcp_syncookies': 0 }),
  family: 4,
  port: 6008,
  tap: 'any',
  async play(stage) {
    // Handshakes that begin together: all find room for their SYN, and too little for their last ACK.
    const acks = { toward: 'toward-server', flags: '.', without: 'SFPR', nth: { from: 1, to: 1 } } as const;
    await stage.box({ name: 'hold', match: acks, action: { do: 'delay', ms: 1_500 } });
    const server = await stage.listen([], { backlog: 1 });
    server.signal('SIGSTOP');
    const clients = Array.from({ length: 6 }, () => stage.connect([{ do: 'drain' }]));
    await Promise.race(clients.map((client) => client.waitFor('reset')));
    await stage.wait(300);
    const resets = await stage.kernelCounter(stage.server, 'TcpOutRsts');
    certain(resets >= 1, 'the server’s stack must have sent a RST');
    server.signal('SIGCONT');
    return { serverStackSentRsts: resets };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', min: 'likely' }],
  also: ['syn-unanswered', 'accept-stalled', 'slow-path', 'reordering'],
};
