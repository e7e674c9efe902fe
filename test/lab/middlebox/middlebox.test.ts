import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeLab } from '../describe.js';
import { Lab } from '../lab.js';
import { Middlebox } from './middlebox.js';
import type { BoxRule } from './rules.js';
import { BOX, boxedChain } from './topology.js';

const PORT = 8100;
const REQUEST = 'ask';
const ANSWER_BYTES = 100_000;

describeLab('the in-line box', () => {
  let lab: Lab;
  let folder: string;
  beforeAll(async () => {
    lab = await Lab.create(boxedChain());
  });
  afterAll(() => lab?.destroy());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-box-'));
  });
  afterEach(async () => {
    await Promise.all(lab.hosts.map((host) => host.stopProcesses()));
    rmSync(folder, { recursive: true });
  });

  /** One exchange through the box; what the client said, the box's counts, and tcpdump's lines at each end. */
  async function exchange(rules: readonly BoxRule[], family: 4 | 6 = 4) {
    const box = await Middlebox.start(lab.host(BOX.host), BOX.clientSide, BOX.serverSide, { rules });
    const taps = ['client', 'server'].map((name) =>
      lab.host(name).record(join(folder, `${name}.pcap`), { filter: 'tcp' }),
    );
    const [clientTap, serverTap] = await Promise.all(taps);
    const answer = [
      { do: 'receive', bytes: REQUEST.length } as const,
      { do: 'send', bytes: ANSWER_BYTES } as const,
      { do: 'drain' } as const,
    ];
    const server = lab.host('server').endpoint({ role: 'listen', port: PORT, steps: answer });
    await server.waitFor('listening');
    const address = lab.host('server').address(family);
    const steps = [{ do: 'send', text: REQUEST } as const, { do: 'receive', bytes: ANSWER_BYTES } as const];
    const client = lab.host('client').endpoint({ role: 'connect', address, port: PORT, steps });
    await client.exited;
    await Promise.all([clientTap.stop(), serverTap.stop()]);
    await server.stop();
    const counts = await box.stop();
    return { client, counts, atClient: await lines('client'), atServer: await lines('server') };
  }

  /** What tcpdump prints about a recording that matches a filter. */
  async function lines(name: string): Promise<(filter: string) => Promise<string[]>> {
    return async (filter) => {
      const argv = ['tcpdump', '-nvv', '-r', join(folder, `${name}.pcap`), filter];
      const text = await lab.host(name).check(argv);
      return text.split(/\n(?=\S)/).filter((line) => line !== '');
    };
  }

  it.each([4, 6] as const)('without rules it is a cable, over IPv%i', async (family) => {
    const { client } = await exchange([], family);
    expect(client.said('reset')).toBe(false);
    expect(client.events.find((event) => event.name === 'received')?.detail).toBe(String(ANSWER_BYTES));
  });

  it('drops what a rule picks, and counts it', async () => {
    const match = { toward: 'toward-client', payload: 1, nth: { from: 3, to: 4 } } as const;
    const { client, counts } = await exchange([{ name: 'cut', match, action: { do: 'drop' } }]);
    expect(counts).toEqual({ cut: 2 });
    expect(client.said('received')).toBe(true);
  });

  it.each([4, 6] as const)('resets both ends in the name of the other, over IPv%i', async (family) => {
    const action = {
      do: 'reset',
      toward: ['toward-client', 'toward-server'],
      offsets: [0, 1460, 4380],
      ttl: 77,
      acknowledges: true,
      trigger: 'drop',
    } as const;
    const match = { toward: 'toward-server', payload: 1 } as const;
    const { client, atClient, atServer } = await exchange([{ name: 'shoot', match, action }], family);
    expect(client.said('reset')).toBe(true);
    const filter = family === 4 ? 'tcp[13] & 4 != 0' : 'ip6[53] & 4 != 0';
    // One router lies between the box and either end.
    for (const resets of [await atClient(filter), await atServer(filter)]) {
      expect(resets.filter((line) => /(ttl|hlim) 76/.test(line))).toHaveLength(3);
      expect(resets.every((line) => line.includes('(correct)'))).toBe(true);
    }
  });

  it('shifts the client sequence numbers and its SACK blocks so that a lossy transfer still ends', async () => {
    const loss = { toward: 'toward-client', payload: 1, probability: 0.1 } as const;
    const { client, atServer, atClient } = await exchange([
      { name: 'shift', match: { protocol: 'tcp' }, action: { do: 'shift-sequence', delta: 123_456_789 } },
      { name: 'lose', match: loss, action: { do: 'drop' } },
    ]);
    expect(client.said('received')).toBe(true);
    const isn = (line: string | undefined) => Number(/seq (\d+)/.exec(line ?? '')?.[1]);
    const syn = 'tcp[13] & 18 = 2';
    const [before] = await atClient(syn);
    const [after] = await atServer(syn);
    expect((isn(after) - isn(before) + 2 ** 32) % 2 ** 32).toBe(123_456_789);
  });

  it('edits packets so that the receiver finds their checksums right', async () => {
    const { client, counts, atServer } = await exchange([
      { name: 'mss', action: { do: 'clamp-mss', mss: 1_100 } },
      { name: 'stamps', match: { flags: 'S' }, action: { do: 'strip-option', kind: 8 } },
      {
        name: 'mark',
        match: { toward: 'toward-server', protocol: 'tcp' },
        action: { do: 'set-dscp', dscp: 46 },
      },
    ]);
    expect(client.said('received')).toBe(true);
    // A server that was offered no time stamps offers none.
    expect(counts).toMatchObject({ mss: 2, stamps: 1 });
    const [syn] = await atServer('tcp[13] & 18 = 2');
    expect(syn).toContain('mss 1100');
    expect(syn).toContain('tos 0xb8');
    expect(syn).not.toContain('TS val');
    expect((await atServer('dst port 8100')).filter((line) => line.includes('incorrect'))).toEqual([]);
  });

  it('forgets an idle conversation and resets both ends without a packet', async () => {
    const action = { do: 'forget', idleMs: 300, meets: 'reset-both', ttl: 64 } as const;
    const box = await Middlebox.start(lab.host(BOX.host), BOX.clientSide, BOX.serverSide, {
      rules: [{ name: 'state', match: { protocol: 'tcp' }, action }],
    });
    const server = lab.host('server').endpoint({ role: 'listen', port: PORT, steps: [{ do: 'drain' }] });
    await server.waitFor('listening');
    const steps = [{ do: 'send', text: REQUEST } as const, { do: 'drain' } as const];
    const client = lab
      .host('client')
      .endpoint({ role: 'connect', address: lab.host('server').address(), port: PORT, steps });
    await Promise.all([client.waitFor('reset'), server.waitFor('reset')]);
    expect(await box.stop()).toEqual({ state: 2 });
  });
});
