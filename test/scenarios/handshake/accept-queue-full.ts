import { onBothEnds, path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** The listener’s process hangs; its queue of one fills, and further SYNs find no room. Packets show only the place. */
export const acceptQueueFull: Scenario = {
  name: 'accept-queue-full',
  title: 'the accept queue is full: the server’s stack drops SYNs without a word',
  network: path({ hosts: onBothEnds({ 'net.ipv4.tcp_syncookies': 0 }) }),
  family: 4,
  port: 7002,
  tap: 'any',
  async play(stage) {
    const server = await stage.listen([], { backlog: 1 });
    server.signal('SIGSTOP');
    // A backlog of 1 takes two; the others meet a full queue.
    for (let client = 0; client < 4; client++) {
      stage.connect([{ do: 'drain' }]);
      await stage.wait(150);
    }
    await stage.wait(2_500);
    const overflows = await stage.kernelCounter(stage.server, 'TcpExtListenOverflows');
    certain(overflows >= 2, `the accept queue must have overflowed, not ${overflows} times`);
    server.signal('SIGCONT');
    return { listenOverflows: overflows };
  },
  expected: [{ code: 'syn-unanswered', min: 'likely', max: 'strong' }],
  also: ['accept-stalled'],
};
