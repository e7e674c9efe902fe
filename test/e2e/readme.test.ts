import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { INCIDENTS, type Incident } from '../demo/incidents.js';
import { checkCommand, runCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { chain, Lab } from '../lab/index.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { ReadmeCommands } from './readme-commands.js';
import { Terminal } from './terminal.js';

/** npm starts for each command, and once everything is built. */
const STEP_MS = 120_000;

/** What README.md calls the three hosts, and what the lab does. */
const HOSTS = { 'ops-1': 'coordinator', 'web-1': 'client', 'db-1': 'server' } as const;
type HostName = keyof typeof HOSTS;

describeLab('a newcomer who follows README.md', () => {
  const readme = new ReadmeCommands(['Install', 'First capture']);
  const incident = INCIDENTS.find(({ port }) => port === 5432) as Incident;
  let lab: Lab;
  let folder: string;
  let clone: string;
  const running: Terminal[] = [];
  /** What stands for the examples of README.md. */
  const examples = new Map<string, string>();

  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    folder = mkdtempSync(join(tmpdir(), 'bothends-readme-'));
    clone = join(folder, 'bothends');
    for (const name of Object.keys(HOSTS) as HostName[]) {
      mkdirSync(join(folder, name));
      // ip-netns(8) lays these files over /etc of the host: as name service does, it finds the coordinator.
      const etc = `/etc/netns/${lab.host(HOSTS[name]).namespace}`;
      mkdirSync(etc, { recursive: true });
      writeFileSync(join(etc, 'hosts'), `${lab.host('coordinator').managementAddress} ops-1\n`);
    }
  }, STEP_MS);
  afterAll(async () => {
    await lab?.destroy();
    for (const host of Object.values(HOSTS))
      rmSync(`/etc/netns/${lab.host(host).namespace}`, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  /** Types a line of README.md on a host, in the clone, with a home of its own. */
  function type(name: HostName, line: string): Terminal {
    let typed = line;
    for (const [example, real] of examples) typed = typed.replaceAll(example, real);
    const env = { PATH: process.env.PATH, HOME: join(folder, name), TERM: 'xterm', NO_COLOR: '1' };
    const terminal = Terminal.type(lab.host(HOSTS[name]), typed, { hostname: name, cwd: clone, env });
    running.push(terminal);
    return terminal;
  }

  it('installs', { timeout: STEP_MS }, async () => {
    const line = readme.next(/^git clone <this repository>/).replace('<this repository>', REPOSITORY_ROOT);
    await checkCommand(['sh', '-c', line], { cwd: folder });
    expect(existsSync(join(clone, 'README.md'))).toBe(true);
    // The packages of this clone: a test does not depend on a registry.
    const linked = await runCommand(['cp', '-al', join(REPOSITORY_ROOT, 'node_modules'), clone]);
    if (linked.code !== 0) await checkCommand(['cp', '-a', join(REPOSITORY_ROOT, 'node_modules'), clone]);
    await checkCommand(['sh', '-c', readme.next(/^npm run setup$/)], { cwd: clone, timeoutMs: STEP_MS });
    expect(await checkCommand(['sh', '-c', readme.next(/--help$/)], { cwd: clone })).toMatch(/capture/);
  });

  it('starts a coordinator and joins two hosts by the lines that it prints', {
    timeout: STEP_MS,
  }, async () => {
    const coordinator = type('ops-1', readme.next(/ coordinator$/));
    const [first] = await coordinator.shows(/bothends agent --join ops-1:7443 .*/);
    await type('web-1', `npx ${first.trim()}`).shows(/Joined ops-1:7443 as web-1/);
    const token = await type('ops-1', 'npx bothends join-token').done();
    const [second = ''] = /bothends agent --join .*/.exec(token) ?? [];
    await type('db-1', `npx ${second.trim()}`).shows(/Joined ops-1:7443 as db-1/);
    const listed = await type('ops-1', readme.next(/ agents$/)).done();
    for (const host of ['web-1', 'db-1']) expect(listed).toMatch(new RegExp(`${host} .*online`));
  });

  it('captures an incident until Ctrl-C, and reads who did it', { timeout: STEP_MS }, async () => {
    const capture = type('ops-1', readme.next(/ capture web-1 db-1 /));
    await capture.shows(/recording/);
    const restore = await incident.stage(lab);
    await capture.shows(/rst-forged/);
    capture.interrupt();
    expect(await capture.done()).toMatch(/PROVEN {2}rst-forged[^]*What to do/);
    await restore();

    const [captureId = ''] = /c-\w+/.exec(await type('ops-1', readme.next(/ captures$/)).done()) ?? [];
    examples.set('c-7kq2m', captureId);
    const flows = await type('ops-1', readme.next(/ flows /)).done();
    const [flowId = ''] = /f-\w+/.exec(flows) ?? [];
    examples.set('f-9g458f', flowId);
    expect(flows).toMatch(new RegExp(`${flowId}.*rst-forged`));
    expect(await type('ops-1', readme.next(/ flow .* --around rst/)).done()).toMatch(/✸.*\[R\].*▶/);
  });

  it('shares it: a ticket, a file, a link, a bundle that anybody can verify', {
    timeout: STEP_MS,
  }, async () => {
    expect(await type('ops-1', readme.next(/ -o markdown/)).done()).toMatch(/`rst-forged`/);
    await type('ops-1', readme.next(/> report\.html$/)).done();
    expect(readFileSync(join(clone, 'report.html'), 'utf8')).toMatch(/^<!doctype html>[^]*rst-forged/i);
    const link = await type('ops-1', readme.next(/ login-link/)).done();
    expect(link).toMatch(/https:\/\/ops-1:7480\/\S*#/);
    await type('ops-1', readme.next(/ export .* --bundle incident\.tar/)).done();
    expect(statSync(join(clone, 'incident.tar')).size).toBeGreaterThan(0);
    // On a host that has nothing but the file.
    const verified = await type('db-1', readme.next(/ verify incident\.tar/)).done();
    expect(verified).toMatch(/follows from the evidence/);
  });

  it('has then followed all of it', () => {
    expect(readme.left).toEqual([]);
  });
});
