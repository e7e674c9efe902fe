import { join } from 'node:path';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Members } from '../bundle/tampering.js';
import { checkCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';

/** Several processes start one after the other. */
const TIMEOUT_MS = 300_000;

describeLab('what a tap vouches for, behind a router that translates addresses', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 2, families: [4], hosts: { coordinator: {} } }));
    const m1 = lab.host('m1');
    await m1.nft(`table ip translate {
      chain out { type nat hook postrouting priority srcnat; oifname "${m1.interface('m2')}" masquerade; }
    }`);
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  it('its marker arrives at the other tap, and shows the translation', { timeout: TIMEOUT_MS }, async () => {
    const { code } = await fleet.capture(['client', 'server', '--duration', '1s', '--name', 'm']).outcome();
    expect(code).toBe(0);
    const [client, server] = (await fleet.report('m')).taps;
    expect(client?.marker).toEqual({
      state: 'arrived',
      translated: { from: lab.host('client').address(), to: '10.77.2.1' },
    });
    expect(server?.marker).toEqual({ state: 'arrived', translated: null });
  });

  it('a capture without a marker says so', { timeout: TIMEOUT_MS }, async () => {
    const options = ['--no-marker', '--duration', '1s', '--name', 'none'];
    const { stdout } = await fleet.capture(['client', 'server', ...options]).outcome();
    expect(stdout.replace(/\s+/g, ' ')).toContain('no marker was sent (--no-marker)');
    expect((await fleet.report('none')).taps.map(({ marker }) => marker?.state)).toEqual(['off', 'off']);
  });

  it('a ceiling that ended a tap is in the report', { timeout: TIMEOUT_MS }, async () => {
    const capture = fleet.capture(['client', 'server', '-c', '3', '--name', 'few', 'udp port 9999']);
    await capture.recording();
    const target = `/dev/udp/${lab.host('server').address()}/9999`;
    await lab.host('client').check(['bash', '-c', `for i in 1 2 3 4 5; do echo $i > ${target}; done`]);
    await capture.outcome();
    const client = (await fleet.report('few')).taps.find(({ role }) => role === 'client');
    expect(client?.packets).toBeGreaterThanOrEqual(3);
    expect(client?.endedBy).toBe('the limit of 3 packets was reached');
  });

  it('its evidence tells what the host looked like to it', { timeout: TIMEOUT_MS }, async () => {
    const { code } = await fleet
      .capture(['client', 'server', '--duration', '1s', '--name', 'facts'])
      .outcome();
    expect(code).toBe(0);
    const path = join(fleet.folder, 'facts.tar');
    expect((await fleet.run(['export', 'facts', '--bundle', path])).code).toBe(0);
    const evidence = [...new Members(path).contents].filter(([name]) => name.startsWith('evidence/tap-1/'));
    const last = Batch.decode(evidence.at(-1)?.[1] ?? Buffer.alloc(0)).coverage;
    const kernel = (await checkCommand(['uname', '-r'])).trim();
    expect(last).toMatchObject({
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tool: expect.stringMatching(/\d\.\d/),
      kernelDrops: 0n,
      host: { kernel: expect.stringContaining(kernel), networkNamespace: expect.stringMatching(/^\d+$/) },
    });
    for (const number of [last?.filterLength ?? 0, last?.ringBytes ?? 0]) expect(number).toBeGreaterThan(0);
    // Since boot, give or take the years that a clock may be off: it is the pair of clocks, not a time.
    expect(last?.wallMinusMonotonicNs).not.toBe(0n);
    expect(last?.addresses).toContain(lab.host('client').address());
    const link = last?.interfaceStates.find(({ name }) => name === 'to-m1');
    expect(link).toMatchObject({ up: true, mtu: 1500, xdp: false });
  });

  it('`agents HOST` knows offloads and MTU of its interfaces, and what limits the view', async () => {
    await lab.host('client').offload(lab.host('client').interface(), { gro: true });
    // Looked at when the agent starts, and every half minute.
    await fleet.end('client');
    await fleet.startAgent('client');
    await fleet.connected(['client']);
    const agent = JSON.parse((await fleet.run(['agents', 'client', '-o', 'json'])).stdout);
    const link = agent.interfaceStates.find(({ name }: { name: string }) => name === 'to-m1');
    expect(link).toMatchObject({ up: true, mtu: 1500, xdp: false });
    expect(link.offloads).toContain('gro');
    const { stdout } = await fleet.run(['agents', 'client']);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/merges received segments.*ethtool -K .* gro off/);
  });
});
