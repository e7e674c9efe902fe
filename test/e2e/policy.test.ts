import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';

const WAIT_MS = 60_000;
/** What an agent says of its policy after SIGHUP, whether it took the new one or kept the one before. */
const RELOADED = /policy read again|policy not reloaded/g;

describeLab("the owner's policy", () => {
  let lab: Lab;
  let fleet: Fleet;
  let policy: string;
  let olga: string;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab, { agents: ['client'] });
    policy = join(fleet.folder, 'policy.yaml');
    olga = join(fleet.folder, 'olga.json');
    writeFileSync(policy, 'users: [nobody-yet]\n');
    await fleet.startAgent('server', ['--policy', policy]);
    await fleet.connected(['client', 'server']);
    const { code, stderr } = await fleet.run(['user', 'add', 'olga', '--role', 'viewer', '--write', olga]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  async function reload(text: string): Promise<void> {
    const reloads = () => [...fleet.log('server').matchAll(RELOADED)].length;
    const before = reloads();
    writeFileSync(policy, text);
    fleet.signal('server', 'SIGHUP');
    await expect.poll(reloads).toBe(before + 1);
  }

  it('refuses who is not named, in words, and writes it down', async () => {
    const { code, stderr } = await fleet.run(['capture', 'client', 'server', '--port', '7501']);
    expect(code).toBe(1);
    expect(stderr).toContain('policy of server refuses captures by admin (users: nobody-yet)');
    expect((await fleet.run(['audit'])).stdout).toMatch(
      / server policy c-\S+-server: refused \(policy of server/,
    );
  });

  it('keeps the one before where the new file is wrong, and says so', async () => {
    await reload('users: [admin]\nmaxSnaplen: many\n');
    expect(fleet.log('server')).toContain('policy not reloaded: the one before stays in force');
    expect(fleet.log('server')).toContain('line 2');
    const { stderr } = await fleet.run(['capture', 'client', 'server', '--port', '7501']);
    expect(stderr).toContain('(users: nobody-yet)');
  });

  it('refuses by every other rule with a sentence that names it', { timeout: 300_000 }, async () => {
    const inTwoDays = new Date(Date.now() + 2 * 86_400_000).getDay();
    const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][inTwoDays];
    const rules: [rule: string, options: string[], named: string][] = [
      ['maxSnaplen: 96', ['-s', '128'], 'refuses snaplen 128 (maxSnaplen: 96): ask its owner, or use -s 96'],
      ['maxDuration: 1m', ['--duration', '2m'], 'refuses a duration of 2m (maxDuration: 1m)'],
      ['interfaces: [lo]', [], 'refuses interface any (interfaces: lo)'],
      ['filters: ["udp"]', ['tcp'], 'refuses the filter "tcp" (filters: "udp")'],
      [`times: ["${day} 08:00-18:00"]`, [], `refuses captures now (times: ${day} 08:00-18:00)`],
    ];
    for (const [rule, options, named] of rules) {
      await reload(`${rule}\n`);
      const { code, stderr } = await fleet.run(['capture', 'client', 'server', ...options]);
      expect(code, rule).toBe(1);
      expect(stderr).toContain(`policy of server ${named}`);
    }
  });

  it('lets a capture wait for its owner, who approves with a context file of their own', async () => {
    expect(statSync(olga).mode & 0o777).toBe(0o600);
    await reload('consent: ask\nowners: [olga]\n');
    // The coordinator hears of it with the agent's next hello, and writes it down.
    await expect
      .poll(async () => (await fleet.run(['audit'])).stdout)
      .toMatch(/ server policy-change server: done \(.*"consent":"ask"/);
    const running = fleet.capture(['client', 'server', '--port', '7502', '--name', 'asked']);
    await running.says(/asking/, WAIT_MS);
    expect(await lab.host('client').packetSockets()).toBe(0);
    const byAdmin = await fleet.run(['approve', 'asked']);
    expect(byAdmin.stderr).toContain('admin owns none of the hosts');
    expect(await fleet.run(['approve', 'asked'], olga)).toMatchObject({ code: 0 });
    await running.recording();
    expect((await running.stop()).code).toBe(0);
    expect((await fleet.run(['audit'])).stdout).toMatch(/ olga approve c-\S+ asked for by admin: done/);
    expect((await fleet.run(['audit', '--verify'])).stdout).toMatch(
      /none changed. The last has the hash [0-9a-f]{64}/,
    );
  });

  it('a user who is revoked is out', async () => {
    expect(await fleet.run(['captures'], olga)).toMatchObject({ code: 0 });
    expect(await fleet.run(['user', 'revoke', 'olga'])).toMatchObject({ code: 0 });
    const { code, stderr } = await fleet.run(['captures'], olga);
    expect(code).toBe(1);
    expect(stderr).toContain('ask an administrator for a new context file');
  });

  it('an agent that is revoked is out, and is told so', async () => {
    expect(await fleet.run(['agent', 'revoke', 'client'])).toMatchObject({ code: 0 });
    await expect.poll(() => fleet.log('client')).toContain('was revoked by an administrator');
    const { stdout } = await fleet.run(['agents', '-o', 'json']);
    const online = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; online: boolean });
    expect(online).toContainEqual(expect.objectContaining({ name: 'client', online: false }));
  });
});
