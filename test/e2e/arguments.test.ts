import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { BOTHENDS, Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';

/** A program takes ten times as long to start as this. */
const LOOK_MS = 5;
/** Every Debian has this user, and it owns nothing. */
const USER = 'nobody';

/** The arguments of every process on this machine, as every user of it may read them, for as long as it looks. */
class Onlooker implements Disposable {
  readonly #seen = new Set<string>();
  readonly #timer = setInterval(() => this.#look(), LOOK_MS);

  /** Whether some process had this text in its arguments. */
  saw(text: string): boolean {
    return [...this.#seen].some((line) => line.includes(text));
  }

  #look(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        this.#seen.add(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
      } catch {
        // It has ended since.
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

describeLab('the arguments of processes, which every user of a host can read,', () => {
  let lab: Lab;
  let fleet: Fleet;
  const secrets: string[] = [];
  const folders: string[] = [];
  const onlooker = new Onlooker();
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    onlooker[Symbol.dispose]();
    await fleet?.stop();
    await lab?.destroy();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  /** Joins as another user, whose process is a child of the one that was started, and returns. */
  async function joinAs(name: string, more: readonly string[], input: string): Promise<void> {
    const data = `/tmp/bothends-arguments-${process.pid}-${name}`;
    folders.push(data);
    const place = ['--name', name, '--data', data, '--join-only', '--user', USER];
    const { code, stderr } = await lab
      .host('client')
      .run([...BOTHENDS, 'agent', ...more, ...place], { input });
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }

  it('hold no join token, though the agent is started anew for another user', async () => {
    const piped = await fleet.joinLine('piped');
    await joinAs('piped', piped.options, piped.token);
    const filed = await fleet.joinLine('filed');
    const file = join(fleet.folder, 'token');
    writeFileSync(file, filed.token, { mode: 0o600 });
    const line = filed.options.slice(0, filed.options.indexOf('--token-file'));
    await joinAs('filed', [...line, '--token-file', file], '');
    secrets.push(piped.token, filed.token);
  });

  it('hold no key, no link, no digest key of a capture', async () => {
    const { stdout } = await fleet.run(['login-link']);
    secrets.push(stdout.trim().split('#')[1] ?? 'no link');
    const olga = join(fleet.folder, 'olga.json');
    await fleet.run(['user', 'add', 'olga', '--role', 'viewer', '--write', olga]);
    const running = fleet.capture(['client', 'server', '--port', '7801']);
    await running.recording();
    await running.stop();
    for (const file of [olga, join(fleet.folder, 'client', 'identity.json')]) {
      const { keyPem } = JSON.parse(readFileSync(file, 'utf8')) as { keyPem: string };
      secrets.push(keyPem.split('\n')[1] ?? 'no key');
    }
    // The onlooker does see arguments of these processes: the name of a user, and the port in tcpdump's filter.
    expect([onlooker.saw('olga'), onlooker.saw('7801'), onlooker.saw('piped')]).toEqual([true, true, true]);
    expect(secrets).toHaveLength(5);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      expect(onlooker.saw(secret), secret).toBe(false);
    }
  });
});
