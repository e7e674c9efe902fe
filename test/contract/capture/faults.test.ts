import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pcapFileHeader, pcapRecord } from '@bothends/agent/testing/pcap-writer';
import { PacketType } from '@bothends/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLab } from '#lab/describe';
import { chain, Lab } from '#lab/index';
import { ethernet, fill, ipv4, udp, vlanTag } from '../decode/build.js';
import { RemoteTap } from './tap-client.js';
import type { TapRequest, TapRow } from './tap-protocol.js';

const UDP = 17;
const LINK_ETHERNET = 1;
const PORT = 5002;
const VLAN = 7;
const TPID = 0x8100;
const IPV4 = 0x0800;
/** One end of a cable whose other end hangs loose in the same host. */
const LOOSE = 'loose';
const LOOSE_PEER = '10.99.8.2';
const PEER_MAC = '02:00:00:00:08:02';
const SNAPLEN = 128;
const SMALL_RING = 1024 * 1024;
/** More than eight tables, the small ring and a pipe of a megabyte hold together. */
const FLOOD = 60_000;
const FLOOD_BYTES = 100;
/** Of datagrams every ten milliseconds. */
const TRICKLE = 600;

/** The back ends that count what the kernel dropped. */
const BACK_ENDS = ['packet-mmap', 'tcpdump'] as const;

let lab: Lab;
let folder: string;
let taggedFile: string;

const client = () => lab.host('client');

async function send(address: string, times: number, bytes: number): Promise<void> {
  const steps = [{ do: 'repeat', times, steps: [{ do: 'send', bytes }] }] as const;
  await client().endpoint({ protocol: 'udp', role: 'connect', address, port: PORT, steps }).exited;
}

function openTap(changes: Partial<TapRequest>): RemoteTap {
  const filter = `udp port ${PORT}`;
  const defaults = { backEnd: 'tcpdump', interface: 'any', snaplen: SNAPLEN, countOnly: false } as const;
  return new RemoteTap(client(), { ...defaults, filter, ...changes });
}

const isUdp = (row: TapRow) => row.protocol === UDP;

/** Makes the loose interface; what is sent to its peer leaves there. */
async function plugLoose(): Promise<void> {
  for (const command of [
    `ip link add ${LOOSE} type veth peer name ${LOOSE}-end`,
    `ip link set ${LOOSE}-end up`,
    `ip address add 10.99.8.1/24 dev ${LOOSE}`,
    `ip link set ${LOOSE} up`,
  ])
    await client().check(command.split(' '));
  await knowPeer();
}

/** A link address for the peer, so that nobody has to be asked; it is forgotten when the interface goes down. */
async function knowPeer(): Promise<void> {
  await client().check(['ip', 'neighbour', 'replace', LOOSE_PEER, 'lladdr', PEER_MAC, 'dev', LOOSE]);
}

/** What a tap says of one datagram in the VLAN, which the server sends. */
async function tagged(changes: Partial<TapRequest>): Promise<TapRow | undefined> {
  const tap = openTap({ interface: client().interface(), ...changes });
  await tap.event('open');
  await replayTagged();
  const [row] = await tap.rowsWhere(1, isUdp);
  await tap.close();
  return row;
}

async function replayTagged(): Promise<void> {
  await lab.host('server').check(['tcpreplay', '-i', lab.host('server').interface(), taggedFile]);
}

/** A recording of one tagged datagram. */
function writeTagged(path: string): void {
  const datagram = udp(fill(300), { destinationPort: PORT });
  const frame = ethernet(TPID, vlanTag(VLAN, IPV4, ipv4(UDP, datagram)));
  writeFileSync(
    path,
    Buffer.concat([pcapFileHeader(LINK_ETHERNET, 65_535), pcapRecord(Uint8Array.from(frame), 0n)]),
  );
}

describeLab('a tap that something happens to', () => {
  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 0 }));
    // Where nobody listens an ICMP error would stop the sender.
    for (const name of ['client', 'server'])
      await lab.host(name).endpoint({ protocol: 'udp', role: 'listen', port: PORT }).waitFor('listening');
    folder = mkdtempSync(join(tmpdir(), 'bothends-faults-'));
    taggedFile = join(folder, 'tagged.pcap');
    writeTagged(taggedFile);
  });
  afterAll(async () => {
    await lab.destroy();
    rmSync(folder, { recursive: true });
  });

  it('sees VLAN tags with every back end alike, whether it asks for them or not', async () => {
    for (const backEnd of BACK_ENDS) {
      for (const filter of [`udp port ${PORT}`, `vlan ${VLAN} and udp port ${PORT}`, '']) {
        const row = await tagged({ backEnd, filter });
        // Ethernet with its tag, IPv4 and UDP headers before the payload.
        const wireLength = 14 + 4 + 20 + 8 + 300;
        expect(row, `${backEnd} ${filter}`).toMatchObject({
          vlan: VLAN,
          wireLength,
          capturedLength: SNAPLEN,
          payloadLength: 300,
        });
      }
    }
    const other = openTap({
      backEnd: 'packet-mmap',
      interface: client().interface(),
      filter: `vlan ${VLAN + 1}`,
    });
    await other.event('open');
    await replayTagged();
    expect((await other.close()).packets).toBe(0);
  });

  it('gives the same rows with every back end for the same packets', async () => {
    const taps = BACK_ENDS.map((backEnd) => openTap({ backEnd }));
    for (const tap of taps) await tap.event('open');
    await send(lab.host('server').address(), 20, 333);
    const rows = await Promise.all(taps.map((tap) => tap.rowsWhere(20, isUdp)));
    for (const tap of taps) await tap.close();
    // The kernel stamps a packet once, for all sockets that get it.
    expect(rows[0]).toEqual(rows[1]);
  });

  it('shows each packet on the loopback interface once', async () => {
    for (const backEnd of BACK_ENDS) {
      const tap = openTap({ backEnd, interface: 'lo' });
      await tap.event('open');
      await send('127.0.0.1', 3, 50);
      await tap.rowsWhere(3, isUdp);
      const { packets, stats } = await tap.close();
      expect([packets, stats.packets, stats.agentDrops]).toEqual([3, 3, 0]);
      if (backEnd === 'packet-mmap') expect(tap.rows[0]?.packetType).toBe(PacketType.host);
    }
  });

  describe.each(BACK_ENDS)('%s', (backEnd) => {
    it('counts what a consumer that hangs made the kernel drop', async () => {
      const tap = openTap({ backEnd, countOnly: true, takeLate: true, ringBytes: SMALL_RING });
      await tap.event('open');
      await send(lab.host('server').address(), FLOOD, FLOOD_BYTES);
      const { packets, stats, failure } = await tap.close();
      expect(failure).toBeNull();
      expect(stats.kernelDrops).toBeGreaterThan(0);
      expect(packets).toBeGreaterThan(0);
      expect(packets + (stats.kernelDrops ?? 0) + stats.agentDrops).toBe(FLOOD);
    });

    it('loses nothing while its process is suspended for seconds', async () => {
      const tap = openTap({ backEnd, countOnly: true });
      await tap.event('open');
      tap.child.kill('SIGSTOP');
      const steps = [
        {
          do: 'repeat',
          times: TRICKLE,
          steps: [
            { do: 'send', bytes: 100 },
            { do: 'wait', ms: 10 },
          ],
        },
      ] as const;
      const address = lab.host('server').address();
      await client().endpoint({ protocol: 'udp', role: 'connect', address, port: PORT, steps }).exited;
      tap.child.kill('SIGCONT');
      const { packets, stats } = await tap.close();
      expect([packets, stats.kernelDrops, stats.agentDrops]).toEqual([TRICKLE, 0, 0]);
    });

    it('ends when its interface is removed, with what it had until then', async () => {
      await plugLoose();
      const tap = openTap({ backEnd, interface: LOOSE });
      await tap.event('open');
      await send(LOOSE_PEER, 5, 60);
      await client().check(['ip', 'link', 'delete', LOOSE]);
      const { packets, failure } = await tap.event('end');
      expect(failure).toContain(`the capture on ${LOOSE} ended early`);
      expect(packets).toBe(5);
    });

    it('says that an interface is down', async () => {
      await plugLoose();
      await client().check(['ip', 'link', 'set', LOOSE, 'down']);
      const refused = await openTap({ backEnd, interface: LOOSE }).event('refused');
      await client().check(['ip', 'link', 'delete', LOOSE]);
      expect(refused.message).toContain(`ip link set ${LOOSE} up`);
    });
  });

  describe('packet-mmap', () => {
    it('goes on when its interface was down for a while', async () => {
      await plugLoose();
      const tap = openTap({ backEnd: 'packet-mmap', interface: LOOSE });
      await tap.event('open');
      await send(LOOSE_PEER, 1, 60);
      await tap.rowsWhere(1, isUdp);
      for (const state of ['down', 'up']) await client().check(['ip', 'link', 'set', LOOSE, state]);
      await knowPeer();
      await send(LOOSE_PEER, 1, 60);
      await tap.rowsWhere(2, isUdp);
      expect((await tap.close()).failure).toBeNull();
      await client().check(['ip', 'link', 'delete', LOOSE]);
    });
  });
});
