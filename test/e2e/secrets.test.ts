import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { filesBelow, secretsIn } from './secret-search.js';
import { ALL_SECRETS as ALL, talkInSecrets } from './secret-talk.js';

const TIMEOUT_MS = 300_000;

describeLab('secrets in the traffic', () => {
  let lab: Lab;
  let fleet: Fleet;
  let scratch: string;
  let wire: string;
  let keys: string;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    // Not below the fleet's folder, which is searched.
    scratch = mkdtempSync(join(tmpdir(), 'bothends-secrets-'));
    keys = join(scratch, 'tls.keys');
    wire = join(scratch, 'wire.pcap');
    // With these keys tshark reads what the agents say to their coordinator.
    fleet = await Fleet.start(lab, { environment: { NODE_OPTIONS: `--tls-keylog=${keys}` } });
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** What agents and coordinator said to each other, decrypted, in hexadecimal. */
  async function decrypted(): Promise<string> {
    const options = ['-o', `tls.keylog_file:${keys}`, '-d', 'tcp.port==7443,tls'];
    const fields = [
      '-T',
      'fields',
      '-e',
      'http2.data.data',
      '-e',
      'http2.body.reassembled.data',
      '-e',
      'tls.segment.data',
    ];
    return checkCommand(['tshark', '-r', wire, ...options, '-Y', 'http2', ...fields]);
  }

  it('are in no file, no export and not on the wire', { timeout: TIMEOUT_MS }, async () => {
    const truthFile = join(scratch, 'truth.pcap');
    const link = await lab.host('coordinator').record(wire, { filter: 'tcp port 7443', snaplen: 262_144 });
    const running = fleet.capture(['client', 'server', '--name', 'secret']);
    await running.recording();
    const truth = await lab.host('client').record(truthFile, { filter: 'tcp or udp', snaplen: 2_000 });
    // Without a coordinator the evidence stays in the spools, where it is searched as well.
    await fleet.end('coordinator', 'SIGKILL');
    const before = ['client', 'server'].map(spooledBy);
    await talkInSecrets(lab);
    for (const [i, name] of ['client', 'server'].entries()) {
      await expect.poll(() => spooledBy(name)).toBeGreaterThan((before[i] ?? 0) + 1000);
    }
    await truth.stop();
    expect(secretsIn(readFileSync(truthFile), ALL), 'the traffic holds every secret').toEqual(ALL);
    expectNone();

    await fleet.startCoordinator();
    await fleet.connected(['client', 'server']);
    const { stdout, stderr } = await running.stop();
    await link.stop();
    expect(secretsIn(Buffer.from(stdout + stderr), ALL)).toEqual([]);
    const { flows } = await fleet.report('secret');
    // The evidence of all four conversations is there, or the search would prove nothing.
    expect(flows.map(({ server }) => server.port)).toEqual(expect.arrayContaining([53, 8080, 8443, 9090]));
    await exportAll();
    expectNone();
    const hex = await decrypted();
    // Names of taps are said in clear: so tshark has read what the agents shipped.
    for (const tap of ['-client', '-server']) expect(hex).toContain(Buffer.from(tap).toString('hex'));
    for (const secret of ALL) expect(hex).not.toContain(Buffer.from(secret).toString('hex'));
  });

  /** Bytes of all files in the spool of an agent. */
  function spooledBy(name: string): number {
    const spool = filesBelow(join(fleet.folder, name, 'spool'));
    return spool.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  async function exportAll(): Promise<void> {
    const file = (name: string) => join(fleet.folder, name);
    for (const format of ['text', 'json', 'markdown', 'html']) {
      const { stdout } = await fleet.run(['report', 'secret', '-o', format]);
      expect(stdout.length).toBeGreaterThan(100);
      expect(secretsIn(Buffer.from(stdout), ALL)).toEqual([]);
    }
    const { code, stderr } = await fleet.run([
      'export',
      'secret',
      '--bundle',
      file('bundle.tar'),
      '--pcapng',
      file('all.pcapng'),
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const audit = await fleet.run(['audit']);
    expect(secretsIn(Buffer.from(audit.stdout), ALL)).toEqual([]);
  }

  /** Database, spools, logs and exports are all below the folder of the fleet. */
  function expectNone(): void {
    const found = filesBelow(fleet.folder).flatMap(({ path, bytes }) =>
      secretsIn(bytes, ALL).map((secret) => `${secret} in ${path}`),
    );
    expect(found).toEqual([]);
  }
});
