import { writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { Traffic } from './traffic.js';

/** Several processes start one after the other. */
const TIMEOUT_MS = 300_000;
/** An agent looks at its ceilings each second; a loaded machine takes its time. */
const PATIENCE_MS = 60_000;
/** Several times as long as a command takes to find that it records. */
const FORGOTTEN = '10s';

describeLab('ceilings that an agent keeps by itself', () => {
  let lab: Lab;
  let fleet: Fleet;
  let policy: string;
  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 1, hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab, { agents: ['server'] });
    policy = join(fleet.folder, 'policy.yaml');
    writeFileSync(policy, '');
    await fleet.startAgent('client', ['--policy', policy]);
    await fleet.connected(['client', 'server']);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  /** Starts the agent of the client anew, under this policy. */
  async function under(text: string): Promise<void> {
    await fleet.end('client');
    writeFileSync(policy, text);
    await fleet.startAgent('client', ['--policy', policy]);
    await fleet.connected(['client']);
  }

  it.each([
    ['packets', 'maxPackets: 50', 'the limit of 50 packets was reached'],
    ['bytes', 'maxBytes: 20 kB', 'the limit of 20000 captured bytes was reached'],
    ['rate', 'maxRate: 20', 'more than 20 packets/s came (maxRate in the policy of its host)'],
  ])(
    '%s: the tap ends, keeps what it took, and the report says why',
    { timeout: TIMEOUT_MS },
    async (name, text, endedBy) => {
      await under(`${text}\nnice: 7\n`);
      expect(getPriority(fleet.pid('client'))).toBe(7);
      const capture = fleet.capture(['client', 'server', '--port', '7601', '--name', name]);
      await capture.recording();
      const traffic = await Traffic.start(lab, 7601, 2_000);
      expect((await capture.outcome()).code).toBe(0);
      await traffic.over;
      const client = (await fleet.report(name)).taps.find(({ role }) => role === 'client');
      expect(client?.endedBy).toBe(endedBy);
      expect(client?.packets).toBeGreaterThan(0);
    },
  );

  it.each([
    ['memory', 'maxMemory: 10MB', /client cannot record: the agent takes \d+ MB of memory \(max 10 MB/],
    ['disk', 'minFreeDisk: 1000000GB', /client cannot record: only \d+ MB are free on its disk/],
  ])('%s: nobody starts', { timeout: TIMEOUT_MS }, async (_, text, message) => {
    await under(`${text}\n`);
    // The agent looks each second: it may have armed, and even begun, before it does.
    const { code, stderr } = await fleet.capture(['client', 'server', '--port', '7602']).outcome();
    if (code !== 0) expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(message);
    await noTaps();
  });

  it('time: a capture that everybody has forgotten ends', { timeout: TIMEOUT_MS }, async () => {
    await under(`maxDuration: ${FORGOTTEN}\n`);
    await fleet.run([
      'capture',
      'client',
      'server',
      '--port',
      '7603',
      '--duration',
      FORGOTTEN,
      '--detach',
      '--name',
      'lost',
    ]);
    await vi.waitFor(
      async () => {
        const { stdout } = await fleet.run(['captures', '-o', 'json']);
        expect(stdout).toMatch(/"name":"lost","state":"recording"/);
      },
      { timeout: PATIENCE_MS },
    );
    await fleet.end('coordinator', 'SIGKILL');
    await noTaps();
    await fleet.startCoordinator();
    await vi.waitFor(async () => expect((await fleet.report('lost')).taps).toHaveLength(2), {
      timeout: PATIENCE_MS,
      interval: 1_000,
    });
  });

  async function noTaps(): Promise<void> {
    const open = async () => expect(await lab.host('client').packetSockets()).toBe(0);
    await vi.waitFor(open, { timeout: PATIENCE_MS, interval: 200 });
  }
});
