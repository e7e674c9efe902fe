import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { INCIDENTS, type Incident } from '../demo/incidents.js';
import { checkCommand, runCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { chain, Lab } from '../lab/index.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { ReadmeCommands } from './readme-commands.js';
import { Terminal } from './terminal.js';

/** npm starts for each command, and once everything is built. */
const STEP_MS = 300_000;

/** What README.md calls the three hosts, and what the lab does. */
const HOSTS = { 'ops-1': 'coordinator', 'web-1': 'client', 'db-1': 'server' } as const;
type HostName = keyof typeof HOSTS;

/** What joins a host, as the coordinator prints it. */
const JOIN_LINE = /echo be1\S+ \| bothends agent .*--ca-hash sha256:\w{64}.*(?=\r\n)/;

describeLab('a newcomer who follows README.md', () => {
  const readme = new ReadmeCommands(['Install', 'First capture']);
  const files = new ReadmeCommands(['Two files are enough']);
  const incident = INCIDENTS.find(({ port }) => port === 5432) as Incident;
  let lab: Lab;
  let folder: string;
  let clone: string;
  /** What stands for the examples of README.md. */
  const examples = new Map<string, string>();

  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    folder = mkdtempSync(path(tmpdir(), 'bothends-readme-'));
    clone = path(folder, 'bothends');
    for (const name of Object.keys(HOSTS)) mkdirSync(path(folder, name));
  }, STEP_MS);
  afterAll(async () => {
    await lab?.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Types a line of README.md on a host, in the clone, with a home of its own. */
  function type(name: HostName, line: string): Terminal {
    let typed = line;
    for (const [example, real] of examples) typed = typed.replaceAll(example, real);
    const env = { PATH: process.env.PATH, HOME: path(folder, name), TERM: 'xterm', NO_COLOR: '1' };
    return Terminal.type(lab.host(HOSTS[name]), typed, {
      hostname: name,
      state: path(folder, name),
      cwd: clone,
      env,
    });
  }

  /** Runs the line that joins a host, from the clone. */
  async function join(name: HostName, line: string): Promise<void> {
    await type(name, line.replace('bothends', 'npx bothends')).shows(new RegExp(`Joined .* as ${name}`));
  }

  it('installs', { timeout: STEP_MS }, async () => {
    const line = readme.next(/^git clone <this repository>/).replace('<this repository>', REPOSITORY_ROOT);
    await checkCommand(['sh', '-c', line], { cwd: folder });
    expect(existsSync(path(clone, 'README.md'))).toBe(true);
    // The packages of this clone: a test does not depend on a registry.
    const linked = await runCommand(['cp', '-al', path(REPOSITORY_ROOT, 'node_modules'), clone]);
    if (linked.code !== 0) await checkCommand(['cp', '-a', path(REPOSITORY_ROOT, 'node_modules'), clone]);
    await checkCommand(['sh', '-c', readme.next(/^npm run setup$/)], { cwd: clone, timeoutMs: STEP_MS });
    expect(await checkCommand(['sh', '-c', readme.next(/--help$/)], { cwd: clone })).toMatch(/capture/);
  });

  it('starts a coordinator and joins two hosts by the lines that it prints', {
    timeout: STEP_MS,
  }, async () => {
    const coordinator = type('ops-1', readme.next(/ coordinator$/));
    await join('web-1', (await coordinator.shows(JOIN_LINE))[0]);
    const another = await type('ops-1', 'npx bothends join-token').done();
    await join('db-1', JOIN_LINE.exec(another)?.[0] ?? '');
    const listed = await type('ops-1', readme.next(/ agents$/)).done();
    for (const host of ['web-1', 'db-1']) expect(listed).toMatch(new RegExp(`${host} .*online`));
  });

  it('captures an incident until Ctrl-C, and reads who did it', { timeout: STEP_MS }, async () => {
    examples.set('10.0.0.1', lab.host('client').address()).set('10.0.0.2', lab.host('server').address());
    const taps = [
      type('web-1', files.next(/^tcpdump .* client\.pcap/)),
      type('db-1', files.next(/^tcpdump .* server\.pcap/)),
    ];
    for (const tap of taps) await tap.shows(/listening on any/);
    const capture = type('ops-1', readme.next(/ capture web-1 db-1 /));
    await capture.shows(/recording/);
    const restore = await incident.stage(lab);
    await capture.shows(/rst-forged/);
    expect(await capture.interrupt()).toMatch(/PROVEN {2}rst-forged[\s\S]*What to do/);
    await restore();
    for (const tap of taps) await tap.interrupt();

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
    expect(readFileSync(path(clone, 'report.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*rst-forged/i);
    const link = await type('ops-1', readme.next(/ login-link/)).done();
    expect(link).toMatch(/https:\/\/.*:7480\/\S*#/);
    await type('ops-1', readme.next(/ export .* --bundle incident\.tar/)).done();
    expect(statSync(path(clone, 'incident.tar')).size).toBeGreaterThan(0);
    // On a host that has nothing but the file.
    const verified = await type('db-1', readme.next(/ verify incident\.tar/)).done();
    expect(verified).toMatch(/follows from the evidence/);
  });

  it('learns the same from two files of tcpdump', { timeout: STEP_MS }, async () => {
    const report = await type(
      'ops-1',
      `npx ${files.next(/^bothends analyze client\.pcap server\.pcap$/)}`,
    ).done();
    // Files do not say what a tap dropped, so that it is said with less certainty.
    expect(report).toMatch(/(STRONG|LIKELY) {2}rst-forged/);
  });

  it('has then followed all of it', () => {
    expect([...readme.left, ...files.left]).toEqual([]);
  });
});
