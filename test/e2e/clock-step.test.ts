import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { Traffic } from './traffic.js';

/** Several processes start one after the other. */
const TIMEOUT_MS = 300_000;
const AGENT = join(REPOSITORY_ROOT, 'test/dist/e2e/stepped-agent.js');

describeLab('the clock of a host is set while it captures', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 1, hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
    await fleet.end('server');
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  /** What the coordinator holds of the server's clock, in ms. */
  async function offsetOfServerMs(): Promise<number> {
    const { stdout } = await fleet.run(['agents', 'server', '-o', 'json']);
    return ((JSON.parse(stdout) as { clockOffsetNs: number | null }).clockOffsetNs ?? 0) / 1e6;
  }

  it('a clock that is years off from the start decides nothing', { timeout: TIMEOUT_MS }, async () => {
    const years = 30;
    const offMs = -years * 365 * 86_400_000;
    const agent = lab
      .host('server')
      .spawn([process.execPath, AGENT, join(fleet.folder, 'server'), `${offMs}`]);
    const ended = new Promise((resolve) => agent.once('exit', resolve));
    await fleet.connected(['server']);
    agent.kill('SIGUSR2');
    // The agent notices within a second, and tells its coordinator with the next exchange.
    await expect.poll(offsetOfServerMs).toBeLessThan(offMs / 2);
    const capture = fleet.capture(['client', 'server', '--port', '7404', '--name', 'years']);
    await capture.recording();
    await (await Traffic.start(lab, 7404, 1_000)).over;
    const { code, stderr } = await capture.stop();
    expect(code, stderr).toBe(0);
    agent.kill('SIGTERM');
    await ended;

    const { taps, clock, flows, findings } = await fleet.report('years');
    expect(taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
    expect(Math.abs((clock.offsetNs ?? 0) / 1e6 - offMs)).toBeLessThan(50);
    expect(clock.steps).toEqual([]);
    expect(flows[0]?.packets).toMatchObject({ lostToServer: 0, lostToClient: 0 });
    expect(findings).toEqual([]);
  });

  it.each([
    ['an hour back', -3_600_000, 7401],
    ['an hour ahead', 3_600_000, 7402],
    ['a fifth of a second back', -200, 7403],
  ])(
    '%s: the report shows the step, and accuses nobody',
    { timeout: TIMEOUT_MS },
    async (_, stepMs, port) => {
      const agent = lab
        .host('server')
        .spawn([process.execPath, AGENT, join(fleet.folder, 'server'), `${stepMs}`]);
      const ended = new Promise((resolve) => agent.once('exit', resolve));
      await fleet.connected(['server']);
      const capture = fleet.capture(['client', 'server', '--port', `${port}`, '--name', `step-${port}`]);
      await capture.recording();
      const traffic = await Traffic.start(lab, port, 4_000);
      await sleep(2_000);
      agent.kill('SIGUSR2');
      await traffic.over;
      const { code, stderr } = await capture.stop();
      expect(code, stderr).toBe(0);
      agent.kill('SIGTERM');
      await ended;

      const { taps, clock, flows, findings } = await fleet.report(`step-${port}`);
      const [client, server] = taps;
      expect(client?.gaps).toEqual([]);
      expect(server?.gaps.map(({ cause }) => cause)).toEqual(['clock-step']);
      expect(clock.steps.map(({ tap }) => tap)).toEqual(['server']);
      expect(Math.abs((clock.steps[0]?.byNs ?? 0) / 1e6 - stepMs)).toBeLessThan(50);
      // All that the client saw of this healthy connection the server saw, before and after.
      expect(flows).toHaveLength(1);
      expect(flows[0]?.packets).toMatchObject({ lostToServer: 0, lostToClient: 0 });
      expect(findings).toEqual([]);
    },
  );
});
