import { setTimeout as sleep } from 'node:timers/promises';
import type { VerdictCode } from '@bothends/proto';
import type { Lab } from '../lab/index.js';

/** Something that goes wrong (or not) between client and server, staged on real stacks in the default chain. */
export interface Incident {
  /** Name of the capture, and of the folder of the bundled ones. */
  name: string;
  /** What the demo says before it. */
  title: string;
  port: number;
  /** What the report must find; null: no fault. */
  expected: VerdictCode | null;
  /** Breaks the network and plays the traffic. Resolves when all of it is over, with what puts the network right. */
  stage(lab: Lab): Promise<() => Promise<void>>;
}

/** The firewall of the first incident forgets a connection that was idle for so long. */
const FIREWALL_TIMEOUT_S = 2;
/** Longer than the timeout and the second that conntrack takes to notice. */
const IDLE_MS = 3_500;

const idleFirewall: Incident = {
  name: 'idle-firewall',
  title: 'A firewall on the path forgets an idle connection, then resets the server in the client’s name',
  port: 5432,
  expected: 'rst-forged',
  async stage(lab) {
    const firewall = lab.host('m2');
    await firewall.sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', FIREWALL_TIMEOUT_S);
    // Else a packet in mid-stream would make a new entry.
    await firewall.sysctl('net.netfilter.nf_conntrack_tcp_loose', 0);
    await firewall.nft(`table inet firewall {
      chain forward {
        type filter hook forward priority 0;
        ct state established,related accept
        tcp flags syn / syn,ack accept
        iifname "${firewall.interface('m3')}" meta l4proto tcp reject with tcp reset
      }
    }`);
    const server = lab.host('server').endpoint({
      role: 'listen',
      port: this.port,
      steps: [
        { do: 'receive', bytes: 200 },
        { do: 'send', bytes: 1_000 },
        { do: 'wait', ms: IDLE_MS },
        { do: 'send', bytes: 300 },
        { do: 'drain' },
      ],
    });
    await server.waitFor('listening');
    const client = lab.host('client').endpoint({
      role: 'connect',
      address: lab.host('server').address(),
      port: this.port,
      steps: [{ do: 'send', bytes: 200 }, { do: 'drain' }],
    });
    await server.waitFor('reset');
    return async () => {
      // The firewall goes last: with it gone, the client's farewell would reach the server's host.
      await Promise.all([client.stop(), server.stop()]);
      await firewall.check(['nft', 'delete', 'table', 'inet', 'firewall']);
    };
  },
};

const deafReturnPath: Incident = {
  name: 'syn-ack-lost',
  title: 'SYN-ACKs die on the return path',
  port: 443,
  expected: 'syn-ack-lost',
  async stage(lab) {
    const router = lab.host('m2');
    await router.nft(`table inet broken {
      counter dropped { }
      chain forward {
        type filter hook forward priority 0;
        tcp flags syn,ack / syn,ack counter name dropped drop
      }
    }`);
    const server = lab.host('server').endpoint({ role: 'listen', port: this.port });
    await server.waitFor('listening');
    const address = lab.host('server').address();
    const client = lab.host('client').endpoint({ role: 'connect', address, port: this.port });
    // The first SYN's answer and its repetition, and the answer to the SYN that the client sends again after 1 s.
    while ((await router.counter('dropped')).packets < 3) await sleep(100);
    return async () => {
      await Promise.all([client.stop(), server.stop()]);
      await router.check(['nft', 'delete', 'table', 'inet', 'broken']);
    };
  },
};

const closedPort: Incident = {
  name: 'no-listener',
  title: 'Nothing listens on the port',
  port: 8080,
  expected: 'rst-genuine',
  async stage(lab) {
    const address = lab.host('server').address();
    const client = lab.host('client').endpoint({ role: 'connect', address, port: this.port });
    await client.waitFor('error');
    return () => Promise.resolve();
  },
};

const healthy: Incident = {
  name: 'healthy',
  title: 'A healthy transfer',
  port: 80,
  expected: null,
  async stage(lab) {
    const answer = 60_000;
    const server = lab.host('server').endpoint({
      role: 'listen',
      port: this.port,
      steps: [{ do: 'receive', bytes: 300 }, { do: 'send', bytes: answer }, { do: 'end' }, { do: 'drain' }],
    });
    await server.waitFor('listening');
    const client = lab.host('client').endpoint({
      role: 'connect',
      address: lab.host('server').address(),
      port: this.port,
      steps: [{ do: 'send', bytes: 300 }, { do: 'receive', bytes: answer }, { do: 'drain' }],
    });
    await client.exited;
    await server.waitFor('closed');
    return () => server.stop();
  },
};

export const INCIDENTS: readonly Incident[] = [idleFirewall, deafReturnPath, closedPort, healthy];
