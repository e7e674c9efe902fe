import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { BOTHENDS, Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { filesBelow } from './secret-search.js';

const POLL_MS = 200;
/** Every Debian has this user, and it owns nothing. */
const USER = 'nobody';

describeLab('an agent that is confined', () => {
  let lab: Lab;
  let fleet: Fleet;
  let outer: ChildProcess;
  let data: string;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab, { agents: ['client'] });
    // A folder of its own, which another user may enter.
    data = `/tmp/bothends-confined-${process.pid}`;
    const { options, token } = await fleet.joinLine('server');
    const where = ['--netns', `/run/netns/${lab.host('server').namespace}`, '--user', USER];
    const [file = '', ...program] = BOTHENDS;
    // From outside every host of the lab, as on a node that runs containers.
    outer = spawn(file, [...program, 'agent', ...options, '--name', 'server', '--data', data, ...where], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    outer.stdin?.end(token);
    await fleet.connected(['client', 'server']);
  });
  afterAll(async () => {
    if (outer.exitCode === null) {
      const ended = new Promise((resolve) => outer.once('exit', resolve));
      outer.kill('SIGTERM');
      await ended;
    }
    await fleet?.stop();
    await lab?.destroy();
    rmSync(data, { recursive: true, force: true });
  });

  it('captures inside the namespace that it was given, from outside it', async () => {
    const { stdout } = await fleet.run(['agents', 'server', '-o', 'json']);
    expect(stdout).toContain(lab.host('server').address());
    const running = fleet.capture(['client', 'server', '--port', '7601', '--name', 'inside']);
    await running.recording();
    const steps = [{ do: 'send', bytes: 1000 }] as const;
    const server = lab.host('server').endpoint({ role: 'listen', port: 7601, steps: [{ do: 'drain' }] });
    await server.waitFor('listening');
    const client = lab
      .host('client')
      .endpoint({ role: 'connect', address: lab.host('server').address(), port: 7601, steps });
    await client.exited;
    expect((await running.stop()).code).toBe(0);
    const { flows, taps } = await fleet.report('inside');
    const flow = flows.find(({ protocol }) => protocol === 'tcp');
    expect(flow?.packets.serverTap).toBe(flow?.packets.clientTap);
    expect(taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
  });

  it('has no right but to read packets, and its files are its own', async () => {
    const status = await statusOfAgent();
    // CAP_NET_RAW is number 13.
    const rights = (name: string) =>
      Number.parseInt(new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? '', 16);
    expect(['CapEff', 'CapBnd', 'CapAmb'].map(rights)).toEqual([1 << 13, 1 << 13, 1 << 13]);
    expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
    expect(status).not.toMatch(/^Uid:\s*0\b/m);
    for (const file of ['identity.json', 'signing.key'])
      expect(statSync(join(data, file)).mode & 0o777).toBe(0o600);
  });

  it('writes no file that others may read, nor does its coordinator: keys, evidence, database, all', () => {
    for (const folder of [data, join(fleet.folder, 'client'), join(fleet.folder, 'coordinator')]) {
      const files = filesBelow(folder).map(({ path }) => path);
      expect(files.length).toBeGreaterThan(1);
      expect(files.filter((path) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
    }
  });

  /** Of the process that talks to the coordinator: the innermost child. */
  async function statusOfAgent(): Promise<string> {
    for (let pid = outer.pid ?? 0; ; await sleep(POLL_MS)) {
      for (;;) {
        const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
        if (!child || readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('tcpdump')) break;
        pid = Number(child);
      }
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      if (/^Name:\s*(node|MainThread)/m.test(status)) return status;
    }
  }
});
