import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { filesBelow, secretsIn } from './secret-search.js';
import { ALL_SECRETS, SECRETS, talkInSecrets } from './secret-talk.js';

const TIMEOUT_MS = 300_000;
/** What names in clear let out; everything else stays on its host. */
const NAMES = [SECRETS.sni, SECRETS.dns];
const REST = ALL_SECRETS.filter((secret) => !NAMES.includes(secret));
/** Long enough for a ClientHello up to its server name, whatever a stack puts before it. */
const SNAPLEN = '1500';

/** Two owners: the client's lets names and packets leave, the server's lets packets be kept and no more. */
const POLICIES = {
  client: `maxSnaplen: ${SNAPLEN}\nnames: clear\nrawPackets: export\n`,
  server: `maxSnaplen: ${SNAPLEN}\nrawPackets: keep\n`,
};

describeLab('packets and names that an owner lets out', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab, { agents: [] });
    for (const [name, text] of Object.entries(POLICIES)) {
      writeFileSync(policyOf(name), text);
      await fleet.startAgent(name, ['--policy', policyOf(name)]);
    }
    await fleet.connected(['client', 'server']);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  const policyOf = (name: string) => join(fleet.folder, `${name}.yaml`);
  const rawFolder = (name: string) => join(fleet.folder, name, 'raw');
  const rawFiles = (name: string) =>
    existsSync(rawFolder(name))
      ? readdirSync(rawFolder(name)).filter((file) => file.endsWith('.pcapng'))
      : [];

  /** Files that earlier tests have seen, and the one that none has. */
  const seen = new Set<string>();
  const newestRaw = (name: string) =>
    rawFiles(name)
      .map((file) => join(rawFolder(name), file))
      .find((path) => !seen.has(path)) ?? '';

  async function capture(name: string, ...options: string[]): Promise<string> {
    const running = fleet.capture(['client', 'server', '--name', name, '-s', SNAPLEN, ...options]);
    await running.recording();
    await talkInSecrets(lab);
    const { code, stderr } = await running.stop();
    expect({ code, stderr }).toMatchObject({ code: 0 });
    return stderr;
  }

  /** Secrets that are in a file of the fleet other than those of raw packets. */
  function leaked(secrets: readonly string[]): string[] {
    return filesBelow(fleet.folder)
      .filter(({ path }) => !path.includes('/raw/') && !path.endsWith('.raw.pcapng'))
      .flatMap(({ path, bytes }) => secretsIn(bytes, secrets).map((secret) => `${secret} in ${path}`));
  }

  it('leave no host where the capture does not ask for them', { timeout: TIMEOUT_MS }, async () => {
    await capture('plain');
    expect(leaked(ALL_SECRETS)).toEqual([]);
    expect([...rawFiles('client'), ...rawFiles('server')]).toEqual([]);
    const { flows, taps } = await fleet.report('plain');
    expect(flows.flatMap(({ names = [] }) => names)).toEqual([]);
    expect(taps.map(({ names }) => names)).toEqual([undefined, undefined]);
  });

  it.each(['packet-mmap', 'tcpdump'])(
    'come as asked for from who allows it, and from nobody else (%s)',
    { timeout: TIMEOUT_MS },
    async (backEnd) => {
      await capture(backEnd, '--clear-names', '--keep-raw', '--back-end', backEnd);
      const { flows, taps } = await fleet.report(backEnd);
      const namesOf = (port: number) => flows.find(({ server }) => server.port === port)?.names;
      expect(namesOf(8443)).toEqual([`${SECRETS.sni}.example`]);
      expect(namesOf(53)).toEqual([`${SECRETS.dns}.example`]);
      expect(taps.map(({ names }) => names)).toEqual(['clear', undefined]);
      // Names alone, and those in the evidence of the one host only.
      expect(leaked(REST)).toEqual([]);
      expect(leaked(NAMES).filter((where) => where.includes('/server/'))).toEqual([]);

      for (const name of ['client', 'server']) {
        const path = newestRaw(name);
        seen.add(path);
        expect(statSync(path).mode & 0o777).toBe(0o600);
        expect(secretsIn(readFileSync(path), ALL_SECRETS)).toEqual(ALL_SECRETS);
      }
      const out = join(fleet.folder, `${backEnd}.raw.pcapng`);
      const { code, stderr } = await fleet.run(['export', backEnd, '--raw', out, '--tap', 'client']);
      expect({ code, stderr }).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('it holds payload'),
      });
      expect(secretsIn(readFileSync(out), ALL_SECRETS)).toEqual(ALL_SECRETS);
      // Who made neither file nor reader finds in it what was said, and in order.
      const text = await checkCommand([
        'tshark',
        '-r',
        out,
        '-Y',
        'http.request',
        '-T',
        'fields',
        '-e',
        'http.cookie',
      ]);
      expect(text).toContain(SECRETS.cookie);
    },
  );

  it('go on in the same file when their agent was killed and started again', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const running = fleet.capture(['client', 'server', '--name', 'killed', '-s', SNAPLEN, '--keep-raw']);
    await running.recording();
    await talkInSecrets(lab);
    // What is killed with packets that have not reached its file is another matter.
    await expect.poll(() => secretsIn(readFileSync(newestRaw('client')), ALL_SECRETS)).toEqual(ALL_SECRETS);
    await fleet.end('client', 'SIGKILL');
    await fleet.startAgent('client', ['--policy', policyOf('client')]);
    await fleet.connected(['client', 'server']);
    await expect.poll(() => fleet.log('client')).toContain('tap goes on after the agent went down');
    await talkInSecrets(lab);
    await running.stop();
    const out = join(fleet.folder, 'killed.raw.pcapng');
    expect(await fleet.run(['export', 'killed', '--raw', out, '--tap', 'client'])).toMatchObject({ code: 0 });
    const cookies = ['-Y', 'http.request', '-T', 'fields', '-e', 'http.cookie'];
    const text = await checkCommand(['tshark', '-r', out, ...cookies]);
    expect(text.match(new RegExp(SECRETS.cookie, 'g'))?.length).toBe(2);
    for (const name of ['client', 'server']) seen.add(newestRaw(name));
    expect(await fleet.run(['delete', 'killed'])).toMatchObject({ code: 0 });
  });

  it('are refused by the rule of a host, in words, and both sides write it down', async () => {
    const out = join(fleet.folder, 'refused.raw.pcapng');
    const { code, stderr } = await fleet.run(['export', 'tcpdump', '--raw', out, '--tap', 'server']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'policy of server refuses to let raw packets leave it (rawPackets: keep): ask its owner, or ',
    );
    expect(existsSync(out)).toBe(false);
    const { stdout } = await fleet.run(['audit']);
    expect(stdout).toMatch(/ admin capture client server: done \(with raw packets kept and names in clear\)/);
    expect(stdout).toMatch(/ admin raw-export tcpdump client: done/);
    expect(stdout).toMatch(/ admin raw-export tcpdump server: refused/);
    for (const [name, outcome] of [
      ['client', 'done'],
      ['server', 'refused'],
    ] as const) {
      const file = join(fleet.folder, name, 'audit.log');
      const own = await fleet.run(['audit', '--file', file]);
      expect(own.stdout).toMatch(new RegExp(` admin raw-export c-\\S+-${name}: ${outcome}`));
      expect((await fleet.run(['audit', '--file', file, '--verify'])).stdout).toContain('none changed');
    }
  });

  it('are refused before anybody starts where a host keeps none', async () => {
    writeFileSync(policyOf('server'), 'names: digest\n');
    fleet.signal('server', 'SIGHUP');
    await expect.poll(() => fleet.log('server')).toContain('policy read again');
    const { code, stderr } = await fleet.run(['capture', 'client', 'server', '--keep-raw']);
    expect(code).toBe(1);
    expect(stderr).toContain('policy of server refuses to keep raw packets (rawPackets: never)');
    // What had been kept under the policy before goes with it.
    await expect.poll(() => rawFiles('server')).toEqual([]);
    await expect.poll(() => rawFiles('client').length).toBe(2);
  });

  it('are deleted with their capture', async () => {
    expect(await fleet.run(['delete', 'tcpdump'])).toMatchObject({ code: 0 });
    await expect.poll(() => rawFiles('client').length).toBe(1);
  });
});
