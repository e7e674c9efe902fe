import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackEndName } from '@bothends/agent/capture/source';
import { PacketType, Tcp } from '@bothends/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLab } from '#lab/describe';
import { chain, Lab } from '#lab/index';
import { RemoteTap } from './tap-client.js';
import type { TapRequest } from './tap-protocol.js';

const UDP = 17;
const TCP = 6;
const PORT = 5001;
/** Nobody listens here. */
const CLOSED_PORT = 5999;
const DATAGRAMS = 40;
const DATAGRAM_BYTES = 400;
const SNAPLEN = 128;
/** Sent as fast as one process can; fits every ring. */
const BURST = 20_000;

const COUNTS_DROPS: readonly BackEndName[] = ['packet-mmap', 'tcpdump'];
const TIMESTAMPS = { 'packet-mmap': 'kernel', tcpdump: 'kernel', cap: 'user', pcapfile: 'file' } as const;

let lab: Lab;
let folder: string;

const clientInterface = () => lab.host('client').interface();

async function sendDatagrams(times: number, bytes: number): Promise<void> {
  const steps = [{ do: 'repeat', times, steps: [{ do: 'send', bytes }] }] as const;
  const address = lab.host('server').address();
  await lab.host('client').endpoint({ protocol: 'udp', role: 'connect', address, port: PORT, steps }).exited;
}

/** A connection that the server refuses: a SYN out, a RST back. */
async function connectRefused(): Promise<void> {
  const address = lab.host('server').address();
  const client = lab.host('client').endpoint({ role: 'connect', address, port: CLOSED_PORT });
  await client.waitFor('error');
}

function request(changes: Partial<TapRequest>): TapRequest {
  const filter = `port ${PORT} or port ${CLOSED_PORT}`;
  return {
    backEnd: 'tcpdump',
    interface: clientInterface(),
    filter,
    snaplen: SNAPLEN,
    countOnly: false,
    ...changes,
  };
}

/** A process that ended and that nobody waited for is a zombie, state Z. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A tap of a live back end around some traffic; for `pcapfile` a recording of the same, replayed. */
async function capture(backEnd: TapRequest['backEnd'], device: string, traffic: () => Promise<void>) {
  if (backEnd !== 'pcapfile') {
    const tap = new RemoteTap(lab.host('client'), request({ backEnd, interface: device }));
    const { timestamps } = await tap.event('open');
    return { tap, timestamps, finish: traffic };
  }
  const file = join(folder, `${device}.pcap`);
  const { filter, snaplen } = request({});
  const recording = await lab.host('client').record(file, { interface: device, filter, snaplen });
  await traffic();
  await recording.stop();
  const tap = new RemoteTap(lab.host('client'), request({ backEnd, interface: file, filter: '' }));
  const { timestamps } = await tap.event('open');
  return { tap, timestamps, finish: async () => {} };
}

describeLab('capture back ends on real traffic', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-live-'));
    lab = await Lab.create(chain({ routers: 0 }));
    await lab.host('server').endpoint({ protocol: 'udp', role: 'listen', port: PORT }).waitFor('listening');
  });
  afterAll(async () => {
    await lab.destroy();
    rmSync(folder, { recursive: true });
  });

  describe.each(['packet-mmap', 'tcpdump', 'cap', 'pcapfile'] as const)('%s', (backEnd) => {
    it('delivers every packet, whole in length and cut to the snaplen', async () => {
      const { tap, timestamps, finish } = await capture(backEnd, clientInterface(), () =>
        sendDatagrams(DATAGRAMS, DATAGRAM_BYTES),
      );
      await finish();
      const rows = await tap.rowsWhere(DATAGRAMS, (row) => row.protocol === UDP);
      const { packets, stats, failure } = await tap.close();
      expect(failure).toBeNull();
      expect(rows.length).toBe(DATAGRAMS);
      // Ethernet, IPv4 and UDP headers before the payload.
      const wireLength = 14 + 20 + 8 + DATAGRAM_BYTES;
      for (const row of rows) {
        expect(row).toMatchObject({ wireLength, capturedLength: SNAPLEN, payloadLength: DATAGRAM_BYTES });
      }
      expect(stats).toMatchObject({
        packets,
        agentDrops: 0,
        kernelDrops: COUNTS_DROPS.includes(backEnd) ? 0 : null,
      });
      expect(timestamps).toBe(TIMESTAMPS[backEnd]);
      const times = rows.map((row) => BigInt(row.timeNs));
      expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)));
    });

    it('shows a RST, from a connection that was refused', async () => {
      const { tap, finish } = await capture(backEnd, clientInterface(), connectRefused);
      await finish();
      const [syn] = await tap.rowsWhere(1, (row) => row.protocol === TCP && row.tcpFlags === Tcp.syn);
      const [rst] = await tap.rowsWhere(1, (row) => row.protocol === TCP && (row.tcpFlags & Tcp.rst) !== 0);
      await tap.close();
      expect(syn?.destinationPort).toBe(CLOSED_PORT);
      expect(rst).toMatchObject({ sourcePort: CLOSED_PORT, tcpFlags: Tcp.rst | Tcp.ack });
      expect(BigInt(rst?.timeNs ?? 0)).toBeGreaterThanOrEqual(BigInt(syn?.timeNs ?? 0));
    });

    it('tells directions on "any"', async () => {
      const { tap, finish } = await capture(backEnd, 'any', connectRefused);
      await finish();
      const [rst] = await tap.rowsWhere(1, (row) => (row.tcpFlags & Tcp.rst) !== 0);
      await tap.close();
      const syn = tap.rows.find((row) => row.tcpFlags === Tcp.syn);
      expect([syn?.packetType, rst?.packetType]).toEqual([PacketType.outgoing, PacketType.host]);
      // The first version of the cooked header, which `cap` gets, does not name the interface.
      if (backEnd !== 'cap') expect(rst?.ifindex).toBeGreaterThan(0);
    });
  });

  describe.each(['packet-mmap', 'tcpdump', 'cap'] as const)('%s', (backEnd) => {
    const refusal = async (changes: Partial<TapRequest>, wrapper: readonly string[] = []) => {
      const tap = new RemoteTap(lab.host('client'), request({ backEnd, ...changes }), wrapper);
      return tap.event('refused');
    };

    it('names the interfaces there are when one does not exist', async () => {
      const refused = await refusal({ interface: 'eth77' });
      expect(refused.code).toBe('not-found');
      expect(refused.message).toContain('any');
      expect(refused.message).toContain(clientInterface());
    });

    it('refuses a filter with the compiler message and a caret', async () => {
      const refused = await refusal({ filter: 'port 80 nonsense' });
      expect(refused.code).toBe('invalid-argument');
      expect(refused.message).toContain('syntax error\n  port 80 nonsense\n          ^');
    });

    it.each([[{ filter: '-w /tmp/x' }], [{ interface: '--version' }]])(
      'takes no option for a name or filter: %o',
      async (changes) => {
        const refused = await refusal(changes);
        expect(refused.code).toBe('invalid-argument');
        expect(refused.message).toContain('"-"');
      },
    );

    it('says what to grant where the privilege is missing', async () => {
      const refused = await refusal({}, ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']);
      expect(refused.code).toBe('permission-denied');
      expect(refused.message).toContain('CAP_NET_RAW');
    });

    it('needs no more than CAP_NET_RAW', async () => {
      const user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
      const only = ['--inh-caps=-all,+net_raw', '--ambient-caps=+net_raw', '--bounding-set=-all,+net_raw'];
      const tap = new RemoteTap(lab.host('client'), request({ backEnd }), [...user, ...only]);
      await tap.event('open');
      await connectRefused();
      await tap.rowsWhere(1, (row) => (row.tcpFlags & Tcp.rst) !== 0);
      const { stats, failure } = await tap.close();
      expect(failure).toBeNull();
      expect(stats.kernelDrops).toBe(COUNTS_DROPS.includes(backEnd) ? 0 : null);
    });

    it('accounts for a burst', async () => {
      const tap = new RemoteTap(
        lab.host('client'),
        request({ backEnd, countOnly: true, filter: `udp port ${PORT}` }),
      );
      await tap.event('open');
      await sendDatagrams(BURST, 100);
      const { packets, stats } = await tap.close();
      expect(stats.packets).toBe(packets);
      const known = packets + stats.agentDrops + (stats.kernelDrops ?? 0);
      if (stats.kernelDrops === null) expect(known).toBeLessThanOrEqual(BURST);
      else expect(known).toBe(BURST);
    });
  });

  describe('tcpdump', () => {
    /** The process that a tap's process started. */
    const tcpdumpOf = ({ child: { pid } }: RemoteTap): number => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      expect(children.length).toBe(1);
      return Number(children[0]);
    };

    it('goes with its agent, even when that is killed and there is no traffic', async () => {
      const tap = new RemoteTap(lab.host('client'), request({}));
      await tap.event('open');
      const tcpdump = tcpdumpOf(tap);
      expect(isRunning(tcpdump)).toBe(true);
      tap.child.kill('SIGKILL');
      await expect.poll(() => isRunning(tcpdump), { timeout: 10_000 }).toBe(false);
    });

    it('reports its death in the middle, after the packets until then', async () => {
      const tap = new RemoteTap(lab.host('client'), request({}));
      await tap.event('open');
      await connectRefused();
      await tap.rowsWhere(1, (row) => (row.tcpFlags & Tcp.rst) !== 0);
      process.kill(tcpdumpOf(tap), 'SIGKILL');
      const { failure, packets } = await tap.event('end');
      expect(failure).toContain('ended early: tcpdump was killed by SIGKILL');
      expect(packets).toBeGreaterThan(0);
    });
  });
});
