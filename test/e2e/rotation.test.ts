import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificateHash, certificatesIn } from '@bothends/proto/trust/authorities';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { BOTHENDS, Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { Witness } from './account.js';
import { Traffic } from './traffic.js';

/** Longer than rotating, moving and retiring take on a loaded machine. */
const TRAFFIC_MS = 15_000;
/** Agents renew and connect anew within a second; a loaded machine takes its time beside. */
const MOVE_MS = 90_000;
const POLL_MS = 200;
const TIMEOUT_MS = 300_000;

interface Standing {
  issuing: { caHash: string };
  outgoing: { caHash: string } | null;
  dependents: { kind: string; name: string }[];
}

describeLab('another certificate authority', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  async function ca(...args: string[]): Promise<{ code: number | null; stderr: string }> {
    const { code, stderr } = await fleet.run(['ca', ...args]);
    return { code, stderr };
  }

  async function standing(): Promise<Standing> {
    return JSON.parse((await fleet.run(['ca', 'status', '-o', 'json'])).stdout) as Standing;
  }

  /** Waits until nobody but these depends on the outgoing authority. */
  async function dependentsAre(names: readonly string[]): Promise<void> {
    const deadline = AbortSignal.timeout(MOVE_MS);
    for (;;) {
      const left = (await standing()).dependents.map(({ name }) => name);
      if (left.join() === names.join()) return;
      if (deadline.aborted) throw new Error(`these depend on it still: ${left.join()}`);
      await sleep(POLL_MS);
    }
  }

  /** Hashes of the authorities that a file of an agent or a user trusts. */
  function trustedBy(...path: string[]): string[] {
    const { caPem } = JSON.parse(readFileSync(join(fleet.folder, ...path), 'utf8')) as { caPem: string };
    return certificatesIn(caPem).map(certificateHash);
  }

  it('takes over in the middle of a capture, and nothing is lost', { timeout: TIMEOUT_MS }, async () => {
    const [before] = trustedBy('client', 'identity.json');
    const capture = fleet.capture(['client', 'server', '--port', '7901', '--name', 'rotated']);
    await capture.recording();
    using witness = await Witness.start(lab, 7901);
    const traffic = await Traffic.start(lab, 7901, TRAFFIC_MS);
    expect(await ca('rotate')).toMatchObject({ code: 0 });
    await dependentsAre([]);
    const after = (await standing()).issuing.caHash;
    expect(after).not.toBe(before);
    // Killed in between, the coordinator goes on where it was.
    await fleet.end('coordinator', 'SIGKILL');
    await fleet.startCoordinator();
    await fleet.connected(['client', 'server']);
    expect((await standing()).outgoing?.caHash).toBe(before);
    expect(await ca('retire')).toMatchObject({ code: 0 });
    await fleet.connected(['client', 'server']);
    await traffic.over;
    await witness.stop();
    expect((await capture.stop()).code).toBe(0);
    const report = await fleet.report('rotated');
    for (const { seen, reported } of await witness.compare(report)) {
      expect(seen).toBeGreaterThan(100);
      expect(reported).toBe(seen);
    }
    expect(report.taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
    // Nobody trusts the old one any more: whoever has its key is nobody.
    await dependentsAre([]);
    for (const file of [['client', 'identity.json'], ['server', 'identity.json'], ['context.json']]) {
      expect(trustedBy(...file), file.join('/')).toEqual([after]);
    }
  });

  it('joins new hosts in between, too', { timeout: TIMEOUT_MS }, async () => {
    expect(await ca('rotate')).toMatchObject({ code: 0 });
    const { options, token } = await fleet.joinLine('late');
    const place = ['--name', 'late', '--data', join(fleet.folder, 'late'), '--join-only'];
    const { code, stderr } = await lab
      .host('client')
      .run([...BOTHENDS, 'agent', ...options, ...place], { input: token });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(trustedBy('late', 'identity.json')).toHaveLength(2);
    await dependentsAre([]);
    expect(await ca('retire')).toMatchObject({ code: 0 });
  });

  it('waits for who is away; who is left behind by force joins again', { timeout: TIMEOUT_MS }, async () => {
    await fleet.end('server');
    expect(await ca('rotate')).toMatchObject({ code: 0 });
    expect(await ca('rotate')).toMatchObject({ code: 1, stderr: expect.stringContaining('ca retire') });
    // `late` has joined and never connected since.
    await dependentsAre(['late', 'server']);
    expect(await ca('retire')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('offline: late, server'),
    });
    // Whoever comes back before is moved like all others.
    await fleet.startAgent('server');
    await dependentsAre(['late']);
    await fleet.end('server');
    expect(await ca('retire', '--force')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('agent late has to join again: bothends join-token --name late'),
    });
    const late = { data: join(fleet.folder, 'late') };
    const alone = lab.host('server').spawn([...BOTHENDS, 'agent', '--data', late.data]);
    let said = '';
    alone.stderr?.on('data', (text) => {
      said += text;
    });
    while (!said.includes('trying again')) await sleep(POLL_MS);
    alone.kill('SIGTERM');
    expect(said).toMatch(/authority was replaced while this agent was away; then join again/);
    await fleet.startAgent('server');
    await fleet.connected(['server']);
    expect((await fleet.run(['audit'])).stdout).toMatch(/ admin ca-retire authority, by force: done/);
  });
});
