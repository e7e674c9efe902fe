import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame, LINK_TYPES, type Link } from '../../truth/wire/link.js';
import { Flag } from '../../truth/wire/packets.js';
import { encodePcap } from '../../truth/wire/pcap.js';
import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain, type Stage } from '../stage.js';

/** What tcpreplay reads. */
const FILE = { snaplen: 65_535, resolution: 'microseconds', linkType: LINK_TYPES.ethernet } as const;

/** Somebody on the path sends a SYN in the client's name; the client's host resets what it knows nothing of. */
export const synForged: Scenario = {
  name: 'syn-forged',
  title: 'm1 sends a SYN with the client’s address; the client’s host refuses the server’s SYN-ACK',
  network: path(),
  family: 4,
  port: 7007,
  tap: 'any',
  async play(stage) {
    await stage.control();
    await stage.listen([]);
    await spoof(stage);
    await stage.wait(300);
    const resets = await stage.kernelCounter(stage.client, 'TcpOutRsts');
    certain(resets === 1, `the client’s stack must have sent one RST, not ${resets}`);
    return { spoofedSyns: 1, clientStackSentRsts: resets };
  },
  expected: [{ code: 'syn-forged', min: 'likely', max: 'strong' }],
  also: ['rst-genuine'],
};

async function spoof(stage: Stage): Promise<void> {
  const m1 = stage.lab.host('m1');
  const device = m1.interface('m2');
  const own = await m1.check(['cat', `/sys/class/net/${device}/address`]);
  const neighbours = await m1.check(['ip', '-4', 'neigh', 'show', 'dev', device]);
  const link: Link = {
    kind: 'ethernet',
    moves: 'out',
    source: hardware(own),
    destination: hardware(/lladdr (\S+)/.exec(neighbours)?.[1] ?? ''),
  };
  const frame = encodeFrame(
    {
      source: stage.client.address(4),
      destination: stage.serverAddress,
      ttl: 64,
      tos: 0,
      id: 4_242,
      dontFragment: true,
      flowLabel: 0,
      transport: {
        protocol: 'tcp',
        sourcePort: 40_123,
        destinationPort: stage.port,
        sequence: 0x1234_5678,
        acknowledgment: 0,
        flags: Flag.syn,
        window: 64_240,
        options: { mss: 1_460 },
        data: new Uint8Array(0),
      },
    },
    link,
  );
  const file = join(tmpdir(), `bothends-spoof-${stage.lab.id}.pcap`);
  writeFileSync(file, encodePcap([{ timeNs: 0n, frame }], FILE));
  await m1.check(['tcpreplay', '-q', '-i', device, file]);
}

function hardware(text: string): Uint8Array {
  return Uint8Array.from(text.trim().split(':'), (byte) => Number.parseInt(byte, 16));
}
