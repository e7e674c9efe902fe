import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '@bothends/proto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { BOTHENDS, Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { type Account, Witness } from './account.js';
import { clockShift, whyNoClockShift } from './clock-shift.js';
import { Traffic } from './traffic.js';

const YEAR_S = 365 * 86_400;
/** Beyond heartbeats (5 s) and keep-alive (15 s): both sides have given the link up. */
const ASLEEP_MS = 20_000;
const BREATH_MS = 1_500;
/** An agent looks at its name and addresses every other second; a loaded machine takes its time beside. */
const NOTICED_MS = 60_000;
const POLL_MS = 200;
const TIMEOUT_MS = 300_000;

interface AgentLine {
  name: string;
  online: boolean;
  hostname: string;
  clockOffsetNs: number | null;
}

describeLab('an agent comes back by itself, as who it was,', () => {
  let lab: Lab;
  let fleet: Fleet;
  let nextPort = 8100;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });
  afterEach(async () => {
    fleet.use(BOTHENDS, 'server');
  });

  async function agents(): Promise<AgentLine[]> {
    const { stdout } = await fleet.run(['agents', '-o', 'json']);
    const lines = stdout.trim().split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as AgentLine);
  }

  async function server(): Promise<AgentLine | undefined> {
    return (await agents()).find(({ name }) => name === 'server');
  }

  /** No host came back under another name. */
  async function expectNobodyElse(): Promise<void> {
    expect((await agents()).map(({ name }) => name).sort()).toEqual(['client', 'server']);
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = AbortSignal.timeout(NOTICED_MS);
    while (!(await holds())) {
      if (deadline.aborted) throw new Error(`not noticed: ${JSON.stringify(await agents())}`);
      await sleep(POLL_MS);
    }
  }

  /** Kills the server's agent, and starts it again with these words before its command. */
  async function restart(...before: string[]): Promise<void> {
    await fleet.end('server', 'SIGKILL');
    fleet.use([...before, ...BOTHENDS], 'server');
    await fleet.startAgent('server');
    await fleet.connected(['server']);
  }

  /** Records traffic of about `ms` through an incident. */
  async function recordThrough(
    ms: number,
    incident: () => Promise<void>,
  ): Promise<{ report: Report; accounts: Account[] }> {
    const port = nextPort++;
    const capture = fleet.capture(['client', 'server', '--port', `${port}`, '--name', `back-${port}`]);
    await capture.recording();
    using witness = await Witness.start(lab, port);
    const traffic = await Traffic.start(lab, port, ms);
    await sleep(BREATH_MS);
    await incident();
    await fleet.connected(['client', 'server']);
    await traffic.over;
    await witness.stop();
    const { code, stderr } = await capture.stop();
    expect(code, stderr).toBe(0);
    const report = await fleet.report(`back-${port}`);
    return { report, accounts: await witness.compare(report) };
  }

  function expectWhole({ report, accounts }: { report: Report; accounts: Account[] }): void {
    for (const { seen, reported } of accounts) {
      expect(seen).toBeGreaterThan(100);
      expect(reported).toBe(seen);
    }
    expect(report.taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
  }

  it('when its host gets another name, while it runs and while it does not', async () => {
    // A host name of its own, for this agent only.
    await restart('unshare', '--uts', 'sh', '-c', 'hostname renamed-1 && exec "$@"', 'sh');
    expect(await server()).toMatchObject({ online: true, hostname: 'renamed-1' });
    const uts = `--uts=/proc/${fleet.pid('server')}/ns/uts`;
    await lab.host('server').check(['nsenter', uts, 'hostname', 'renamed-2']);
    await until(async () => (await server())?.hostname === 'renamed-2');
    await expectNobodyElse();
  });

  it('when its address changes in mid-capture', { timeout: TIMEOUT_MS }, async () => {
    const host = lab.host('server');
    const old = host.managementAddress;
    const found = await host.check(['ip', '-o', '-4', 'address', 'show', 'to', old]);
    const [, device = '', prefix = ''] = /^\d+: (\S+)\s+inet \S+\/(\d+)/.exec(found) ?? [];
    const moved = old.replace(/\d+$/, '200');
    const outcome = await recordThrough(12_000, async () => {
      await host.check(['ip', 'address', 'delete', `${old}/${prefix}`, 'dev', device]);
      await host.check(['ip', 'address', 'add', `${moved}/${prefix}`, 'dev', device]);
      await until(async () => {
        const { stdout } = await fleet.run(['agents', 'server', '-o', 'json']);
        return stdout.includes(moved) && (await server())?.online === true;
      });
    });
    expectWhole(outcome);
  });

  it('when it slept in mid-capture, longer than any link waits', { timeout: TIMEOUT_MS }, async () => {
    const outcome = await recordThrough(ASLEEP_MS + 4_000, async () => {
      fleet.signal('server', 'SIGSTOP');
      await sleep(ASLEEP_MS);
      expect(await server()).toMatchObject({ online: false });
      fleet.signal('server', 'SIGCONT');
    });
    expectWhole(outcome);
  });

  it('when its container is made anew around its data', { timeout: TIMEOUT_MS }, async () => {
    // Process 1 of another process namespace, under the host name of another container.
    const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--uts', 'sh', '-c'];
    for (const name of ['pod-7f9', 'pod-8c2']) {
      await restart(...container, `hostname ${name} && exec "$@"`, 'sh');
      expect(await server()).toMatchObject({ online: true, hostname: name });
    }
    await restart();
    await expectNobodyElse();
  });

  it('but not when its data is lost: it says so, and what to do', { timeout: TIMEOUT_MS }, async () => {
    const data = join(fleet.folder, 'lost');
    const agent = (args: readonly string[], input = '') =>
      lab.host('client').run([...BOTHENDS, 'agent', '--name', 'lost', '--data', data, ...args], { input });
    const line = await fleet.joinLine('lost');
    const join1 = [...line.options, '--join-only'];
    expect(await agent(join1, line.token)).toMatchObject({ code: 0 });
    rmSync(data, { recursive: true });
    expect(await agent([])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this agent has not joined a coordinator yet (no identity in'),
    });
    // The command that a container starts with each time: its token was used by the one before.
    expect(await agent(join1, line.token)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the join token has been used already: make a new one'),
    });
    const again = await fleet.joinLine('lost');
    expect(await agent([...again.options, '--join-only'], again.token)).toMatchObject({ code: 0 });
  });

  const why = whyNoClockShift();
  const meta = why === null ? {} : { skipReason: why };
  describe('with a clock', { skip: why !== null, meta, timeout: TIMEOUT_MS }, () => {
    it.each([
      ['a year late', -YEAR_S],
      ['a year ahead', YEAR_S],
    ])('%s', async (_how, seconds) => {
      await restart(...clockShift(fleet.folder, seconds));
      await until(async () => (await server())?.clockOffsetNs !== null);
      const offsetNs = (await server())?.clockOffsetNs ?? 0;
      expect(Math.round(offsetNs / 1e9 / 3600)).toBe(seconds / 3600);
      // Its certificate is held against the coordinator's time: a year ahead nothing of it is due.
      expect(fleet.log('server')).not.toMatch(/certificate (?:not )?renewed/);
      const name = `clock-${seconds > 0 ? 'ahead' : 'late'}`;
      const line = await fleet.joinLine(name);
      const place = ['--name', name, '--data', join(fleet.folder, name), '--join-only'];
      const joining = [...clockShift(fleet.folder, seconds), ...BOTHENDS, 'agent', ...line.options, ...place];
      const { code, stderr } = await lab.host('server').run(joining, { input: line.token });
      expect({ code, stderr }).toMatchObject({ code: 0 });
      await restart();
    });
  });
});
