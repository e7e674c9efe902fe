import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { BOTHENDS, Fleet } from '../lab/fleet.js';
import { type CommandResult, chain, Lab } from '../lab/index.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { SmallDisk } from './small-disk.js';
import { Traffic } from './traffic.js';

/** The lock of a data directory is a socket, which is no part of a copy. */
const LOCK = /\.sock$/;
/** Several processes start one after the other. */
const TIMEOUT_MS = 300_000;

describeLab('what cannot work is told in words', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 1, hosts: { coordinator: {}, other: {} } }));
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  /** Runs `bothends ARGUMENTS` on a host, with a prefix such as setpriv. */

  function folder(name: string): string {
    return join(fleet.folder, name);
  }

  /** A try to join `other` by the name, as often as it is called. */
  async function joining(name: string): Promise<() => Promise<CommandResult>> {
    const { options, token } = await fleet.joinLine(name);
    const command = [...BOTHENDS, 'agent', ...options, '--name', name, '--data', folder(name), '--join-only'];
    return () => lab.host('other').run(command, { input: token });
  }

  function expectRefusal({ code, stdout, stderr }: CommandResult, message: RegExp): void {
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  }

  it('a host whose policy refuses: nobody starts', async () => {
    const outcome = await fleet.run(['capture', 'client', 'server', '-s', '65535']);
    expectRefusal(outcome, /policy of (client|server) refuses snaplen 65535[\s\S]*Nobody started/);
    for (const host of ['client', 'server']) expect(await lab.host(host).packetSockets()).toBe(0);
  });

  it('an agent without CAP_NET_RAW: what to grant', { timeout: TIMEOUT_MS }, async () => {
    const join = await joining('bare');
    expect(await join()).toMatchObject({ code: 0 });
    const unprivileged = ['setpriv', '--bounding-set=-net_raw,-net_admin'];
    const agent = lab.host('other').spawn([...unprivileged, ...BOTHENDS, 'agent', '--data', folder('bare')]);
    await fleet.connected(['bare']);
    const outcome = await fleet.run(['capture', 'client', 'bare', '--port', '80']);
    expectRefusal(outcome, /bare: no permission[\s\S]*CAP_NET_RAW[\s\S]*Nobody started/);
    agent.kill();
  });

  it('a copied data directory: the copy stays out, the host goes on', { timeout: TIMEOUT_MS }, async () => {
    cpSync(folder('client'), folder('copy'), { recursive: true, filter: (file) => !LOCK.test(file) });
    const copy = lab.host('other').spawn([...BOTHENDS, 'agent', '--data', folder('copy')]);
    const said = await new Promise<string>((resolve) => {
      let text = '';
      copy.stderr?.setEncoding('utf8').on('data', (more: string) => {
        text += more;
        if (text.includes('stays out')) resolve(text);
      });
    });
    expect(said).toMatch(
      /an agent called client is connected already.*do not copy an agent's data directory/,
    );
    copy.kill();
    await fleet.connected(['client']);
  });

  it('joining on a full disk: the token is not spent', { timeout: TIMEOUT_MS }, async () => {
    await using disk = await SmallDisk.mount(folder('full'), '64k');
    disk.fill();
    const join = await joining('full');
    expectRefusal(await join(), /full cannot be used: its disk is full/);
    disk.free();
    expect(await join()).toMatchObject({ code: 0 });
  });

  it('evidence that rots on the disk of the coordinator is a declared gap', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const capture = fleet.capture(['client', 'server', '--port', '7201', '--name', 'rotten']);
    await capture.recording();
    await (await Traffic.start(lab, 7201, 2_000)).over;
    await capture.stop();
    const before = await fleet.report('rotten');
    await fleet.end('coordinator');
    const damaged = await damageEvidence(join(folder('coordinator'), 'bothends.db'));
    await fleet.startCoordinator();
    const after = await fleet.report('rotten');
    const gaps = after.taps.flatMap((tap) => tap.gaps);
    expect(gaps.map(({ cause }) => cause)).toEqual(Array.from({ length: damaged }, () => 'corrupt-batch'));
    const taken = before.taps.reduce((sum, { packets }) => sum + packets, 0);
    const lost = gaps.reduce((sum, gap) => sum + (gap.packets ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(taken);
    const counts = ({ flows }: typeof after) =>
      flows.map(({ packets }) => packets.clientTap + packets.serverTap);
    const missing = (counts(before)[0] ?? 0) - (counts(after)[0] ?? 0);
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThanOrEqual(lost);
    // What the other tap saw in such a gap was not lost on the path.
    expect(after.findings).toEqual([]);
    const ladder = await fleet.run(['flow', 'rotten', after.flows[0]?.id ?? '']);
    expect(ladder.code, ladder.stderr).toBe(0);
  });

  it.each([
    ['a file in its place', () => writeFileSync(folder('a-file'), 'x'), 'a-file', /a-file cannot be used/],
    [
      'a database that is none',
      () => {
        cpSync(folder('coordinator'), folder('no-database'), { recursive: true });
        writeFileSync(join(folder('no-database'), 'bothends.db'), 'hello, this is not a database');
      },
      'no-database',
      /bothends\.db.*not a database|database is damaged/,
    ],
  ])('data of a coordinator: %s', { timeout: TIMEOUT_MS }, async (_, prepare, name, message) => {
    prepare();
    expectRefusal(await startAnother(name), message);
  });

  it('data of a coordinator on a full disk', { timeout: TIMEOUT_MS }, async () => {
    await using disk = await SmallDisk.mount(folder('full-coordinator'), '64k');
    disk.fill();
    expectRefusal(await startAnother('full-coordinator'), /disk is full/);
  });

  function startAnother(name: string): Promise<CommandResult> {
    const listen = `${lab.host('coordinator').managementAddress}:7444`;
    const context = folder('other-context.json');
    return lab
      .host('coordinator')
      .run([
        ...[...BOTHENDS, 'coordinator', '--listen', listen, '--data', folder(name)],
        ...['--context', context, '--log-level', 'error'],
      ]);
  }
});

/** Overwrites every second batch with packets, and drops the reports made before. Returns how many batches. */
async function damageEvidence(database: string): Promise<number> {
  expect(existsSync(database)).toBe(true);
  const script = `
    import Sqlite from 'better-sqlite3';
    const database = new Sqlite(process.argv[1]);
    const damage = database.prepare(
      'UPDATE evidence SET columns = zeroblob(length(columns)) WHERE length(columns) > 0 AND sequence % 2 = 0');
    console.log(damage.run().changes);
    database.exec('DELETE FROM report');`;
  const output = await checkCommand([process.execPath, '--input-type=module', '-e', script, database], {
    cwd: join(REPOSITORY_ROOT, 'coordinator'),
  });
  return Number(output);
}
