import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '@bothends/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CaptureProcess } from '../lab/capture-process.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { type Account, Witness } from './account.js';
import { SmallDisk } from './small-disk.js';
import { Traffic } from './traffic.js';

/** Beyond every time-out of the link: it is given up, and made anew with a wait that has grown to its longest. */
const LONG_CUT_MS = 60_000;
/** Some batches pass between two troubles. */
const BREATH_MS = 1_500;
/** An incident takes up to a minute by itself; a loaded machine takes its time beside. */
const TIMEOUT_MS = 400_000;
/** What a process says once it has noticed: soon, or when a machine that stalls lets it. */
const PATIENCE_MS = 60_000;

/** What runs while an incident happens. */
interface Running {
  capture: CaptureProcess;
  traffic: Traffic;
  port: number;
}

/** More than the evidence of all tests together: a disk is full when a test fills it. */
const DISK = '32m';

/** The coordinator's side of the management network: silence, or a RST for whatever comes. Local calls go on. */
const CUT = 'table inet cut { chain in { type filter hook input priority 0; iifname != "lo" drop; }; }';
const REJECT =
  'table inet cut { chain in { type filter hook input priority 0; iifname != "lo" tcp dport 7443 reject with tcp reset; }; }';
const HEAL = 'delete table inet cut';

describeLab('every packet that the kernel handed over is reported, or missing in a declared gap', () => {
  let lab: Lab;
  let fleet: Fleet;
  let serverSpool: SmallDisk;
  let database: SmallDisk;
  let nextPort = 7100;

  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 1, hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
    await fleet.end('server');
    await fleet.end('coordinator');
    serverSpool = await SmallDisk.mount(join(fleet.folder, 'server', 'spool'), DISK);
    database = await SmallDisk.mount(join(fleet.folder, 'coordinator'), DISK);
    await fleet.startCoordinator();
    await fleet.startAgent('server');
    await fleet.connected(['client', 'server']);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await serverSpool?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
    await fleet?.stop();
    await lab?.destroy();
  });

  /** Runs `body` while the coordinator is cut off as `ruleset` says. */
  async function cutOff(ruleset: string, body: () => Promise<unknown>): Promise<void> {
    const coordinator = lab.host('coordinator');
    await coordinator.nft(ruleset);
    try {
      await body();
    } finally {
      await coordinator.nft(HEAL);
    }
  }

  /** Records traffic of about `ms` through an incident; what the report says beside what was there to see. */
  async function recordThrough(
    ms: number,
    incident: (running: Running) => Promise<void>,
  ): Promise<{ accounts: Account[]; report: Report; stderr: string }> {
    const port = nextPort++;
    const capture = fleet.capture(['client', 'server', '--port', `${port}`, '--name', `through-${port}`]);
    await capture.recording();
    using witness = await Witness.start(lab, port);
    const traffic = await Traffic.start(lab, port, ms);
    await incident({ capture, traffic, port });
    await traffic.over;
    await witness.stop();
    const { code, stderr } = await capture.stop();
    expect(code, stderr).toBe(0);
    const report = await fleet.report(`through-${port}`);
    return { report, stderr, accounts: await witness.compare(report) };
  }

  /** Nothing is missing, and nobody says that something is. */
  function expectWhole({ accounts, report }: { accounts: Account[]; report: Report }): void {
    for (const { seen, reported } of accounts) {
      expect(seen).toBeGreaterThan(100);
      expect(reported).toBe(seen);
    }
    expect(report.taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
  }

  /** What is missing was declared, and nothing counts twice. */
  function expectAccounted({ accounts }: { accounts: Account[] }): void {
    for (const { seen, vouched, reported } of accounts) {
      expect(seen).toBeGreaterThan(100);
      expect(reported).toBeGreaterThanOrEqual(vouched);
      expect(reported).toBeLessThanOrEqual(seen);
    }
  }

  it('when the coordinator is killed twice in the middle of traffic', { timeout: TIMEOUT_MS }, async () => {
    const outcome = await recordThrough(8_000, async () => {
      for (let i = 0; i < 2; i++) {
        await sleep(BREATH_MS);
        await fleet.end('coordinator', 'SIGKILL');
        await fleet.startCoordinator();
      }
      await fleet.connected(['client', 'server']);
    });
    expectWhole(outcome);
  });

  it('when the network to the coordinator is cut for a minute', { timeout: TIMEOUT_MS }, async () => {
    const outcome = await recordThrough(LONG_CUT_MS, async () => {
      await sleep(BREATH_MS);
      await cutOff(CUT, () => sleep(LONG_CUT_MS));
      await fleet.connected(['client', 'server']);
    });
    expectWhole(outcome);
  });

  it('when the connections to the coordinator break again and again', { timeout: TIMEOUT_MS }, async () => {
    const outcome = await recordThrough(8_000, async () => {
      for (let i = 0; i < 4; i++) {
        await sleep(BREATH_MS);
        await cutOff(i % 2 === 0 ? REJECT : CUT, () => sleep(BREATH_MS / 3));
      }
      await fleet.connected(['client', 'server']);
    });
    expectWhole(outcome);
  });

  it('when an agent is killed and starts again', { timeout: TIMEOUT_MS }, async () => {
    const outcome = await recordThrough(6_000, async ({ traffic, port }) => {
      await sleep(BREATH_MS);
      await fleet.end('server', 'SIGKILL');
      await sleep(BREATH_MS);
      await fleet.startAgent('server');
      await fleet.connected(['server']);
      await expect.poll(() => fleet.log('server')).toContain('tap goes on after the agent went down');
      // Traffic that is there when it records again, however long that took.
      await traffic.over;
      await (await Traffic.start(lab, port, BREATH_MS)).over;
    });
    expectAccounted(outcome);
    expect(outcome.stderr).toMatch(/partial.*server: the agent went down while it recorded/);
    const [, server] = outcome.report.taps;
    const down = server?.gaps.find(({ cause }) => cause === 'agent-down');
    // It went on by itself, to the end that was planned for both.
    expect(Date.parse(server?.closedAt ?? '')).toBeGreaterThan(Date.parse(down?.to ?? ''));
    expect(outcome.accounts[1]?.afterGaps).toBeGreaterThan(0);
  });

  it.each([
    ['early, in what was committed', 0.1],
    ['late, in what was not', 0.9],
  ])('when the spool rots %s, while its agent is down', { timeout: TIMEOUT_MS }, async (_, part) => {
    const outcome = await recordThrough(6_000, async () => {
      await sleep(BREATH_MS);
      await cutOff(CUT, async () => {
        await sleep(BREATH_MS);
        await fleet.end('server', 'SIGKILL');
        rot(onlySegment(join(fleet.folder, 'server', 'spool')), part);
      });
      await fleet.startAgent('server');
      await fleet.connected(['client', 'server']);
    });
    expectAccounted(outcome);
    const [, server] = outcome.report.taps;
    expect(server?.coverage).toBe('gaps');
  });

  it('when the coordinator is away for longer than a spool is deep', { timeout: TIMEOUT_MS }, async () => {
    const policy = join(fleet.folder, 'small-spool.yaml');
    writeFileSync(policy, 'maxSpool: 16 kB\n');
    await fleet.end('server');
    await fleet.startAgent('server', ['--policy', policy]);
    await fleet.connected(['server']);
    const outcome = await recordThrough(8_000, async ({ traffic }) => {
      await sleep(BREATH_MS);
      // All of it is several times what the spool takes, however slowly it comes.
      await cutOff(CUT, () => traffic.over);
      await fleet.connected(['client', 'server']);
    });
    expectAccounted(outcome);
    const [client, server] = outcome.report.taps;
    expect(client?.coverage).toBe('complete');
    expect(server?.gaps.map(({ cause }) => cause)).toContain('spool-full');
    // To the packet: what was committed, or on its way when its place in the spool was given up, is not lost.
    const { seen, reported } = outcome.accounts[1] as Account;
    expect(server?.agentDrops).toBe(seen - reported);
    expect(server?.agentDrops).toBeGreaterThan(0);
    await fleet.end('server');
    await fleet.startAgent('server');
    await fleet.connected(['server']);
  });

  it('when the disk of an agent is full and the coordinator is away', { timeout: TIMEOUT_MS }, async () => {
    const outcome = await recordThrough(10_000, async ({ traffic }) => {
      await sleep(BREATH_MS);
      await cutOff(CUT, async () => {
        await sleep(BREATH_MS);
        serverSpool.fill();
        await traffic.over;
        await sleep(BREATH_MS);
        serverSpool.free();
        await sleep(BREATH_MS);
      });
      await fleet.connected(['client', 'server']);
    });
    expectAccounted(outcome);
    const [client, server] = outcome.report.taps;
    expect(client?.coverage).toBe('complete');
    expect(server?.gaps.map(({ cause }) => cause)).toContain('spool-full');
    // What the disk did not take was counted to the packet.
    const { seen, reported } = outcome.accounts[1] as Account;
    expect(server?.agentDrops).toBe(seen - reported);
    expect(server?.agentDrops).toBeGreaterThan(0);
  });

  it('when the disk of the coordinator is full for a while', { timeout: TIMEOUT_MS }, async () => {
    // A fresh write-ahead log has to grow at once; an old one has room in itself for a while.
    await fleet.end('coordinator');
    await fleet.startCoordinator();
    await fleet.connected(['client', 'server']);
    const outcome = await recordThrough(8_000, async ({ capture }) => {
      await sleep(BREATH_MS);
      database.fill();
      await expect.poll(() => fleet.log('coordinator'), { timeout: PATIENCE_MS }).toMatch(/disk is full/);
      // Whoever waits for the report is told why nothing comes.
      await capture.says(/recording.*disk is full/, PATIENCE_MS);
      database.free();
      await sleep(BREATH_MS);
      await fleet.connected(['client', 'server']);
    });
    expectWhole(outcome);
  });
});

/** The one file of batches under a folder of spools. */
function onlySegment(folder: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.seg'));
  expect(found).toHaveLength(1);
  return join(folder, found[0] as string);
}

/** Turns over one bit of a file. @param part where, from 0 to 1 */
function rot(path: string, part: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length * part);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  writeFileSync(path, bytes);
}
