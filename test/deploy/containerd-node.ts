/**
 * Runs on the node that containerd-node.sh makes: two pods, a coordinator, an agent that enters pods, traffic between the
 * pods, and a capture of it. Prints the report. Its argument is an empty folder that another user may enter.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeFiles } from '@bothends/agent/pods/node-files';
import { podsOfNode } from '@bothends/agent/pods/node-pods';
import { CaptureProcess } from '../lab/capture-process.js';
import { checkCommand, runCommand } from '../lab/command.js';
import { BOTHENDS } from '../lab/fleet.js';
import { CGROUP, Kubelet, type Sandbox } from './cri-client.js';

const WEB: Sandbox = { namespace: 'shop', name: 'web-7f9', uid: '0f6d5b6e-53d2-4a5c-9a83-0c0f8f9a7b11' };
const DB: Sandbox = { namespace: 'shop', name: 'db-0', uid: '0f6d5b6e-53d2-4a5c-9a83-0c0f8f9a7b12' };
const USER = 'nobody';
const PORT = 7701;
const POLL_MS = 100;

const [folder = ''] = process.argv.slice(2);
const env = { ...process.env, HOME: folder, BOTHENDS_CONTEXT: join(folder, 'context.json') };
const started: ChildProcess[] = [];

function start(argv: readonly string[], input = ''): ChildProcess {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin?.end(input);
  started.push(child);
  return child;
}

const bothends = (...args: string[]) => [...BOTHENDS, ...args];
const ask = async (...args: string[]) => await runCommand(bothends(...args), { env });

/** What the agent will find: the file of each pod's network. */
async function networks(): Promise<Map<string, string>> {
  const { pods } = await podsOfNode(new NodeFiles('/'));
  const found = new Map<string, string>();
  for (const pod of pods) {
    const network = await pod.network();
    found.set(
      `${pod.namespace}/${pod.name}/${pod.uid}`,
      network.kind === 'namespace' ? network.file : network.kind,
    );
  }
  return found;
}

async function startFleet(): Promise<void> {
  start(bothends('coordinator', '--listen', '127.0.0.1:7443', '--web', 'off', '--data', join(folder, 'c')));
  while ((await ask('agents')).code !== 0) await sleep(POLL_MS);
  const { stdout } = await ask('join-token', '--name', 'node-1');
  const [, token = '', options = ''] = /^echo (\S+) \| bothends agent (.+)$/.exec(stdout.trim()) ?? [];
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, 'pods: ["shop/*"]\n');
  const data = join(folder, 'agent');
  await checkCommand(['install', '-d', '-m', '0700', '-o', USER, data]);
  const own = ['--name', 'node-1', '--pods', '--user', USER, '--policy', policy, '--data', data];
  start(bothends('agent', ...options.split(' '), ...own), token);
  while (!(await ask('agents', '-o', 'json')).stdout.includes('"online":true')) await sleep(POLL_MS);
}

const SERVE = `require('node:net').createServer((s) => s.pipe(s)).listen(${PORT}, () => console.log('listening'));`;
const TALK = `const s = require('node:net').connect(${PORT}, process.argv[1], () => s.end('hello')); s.resume();`;

/** A connection from one pod to the other. */
async function talk(from: string, to: string): Promise<void> {
  const inside = (file: string) => ['nsenter', `--net=${file}`];
  const addresses = await checkCommand([...inside(to), 'ip', '-4', '-o', 'address', 'show', 'dev', 'eth0']);
  const [, address = ''] = /inet ([\d.]+)/.exec(addresses) ?? [];
  const server = start([...inside(to), process.execPath, '-e', SERVE]);
  if (server.stdout) await once(server.stdout, 'data');
  await checkCommand([...inside(from), process.execPath, '-e', TALK, address]);
  server.kill();
}

async function run(): Promise<object> {
  const kubelet = new Kubelet(folder);
  const ids = [await kubelet.run(WEB), await kubelet.run(DB)];
  try {
    const found = await networks();
    const fileOf = ({ namespace, name, uid }: Sandbox) => found.get(`${namespace}/${name}/${uid}`) ?? '';
    await startFleet();
    const capture = ['capture', 'pod/shop/web-7f9', 'pod/db-0', '--port', `${PORT}`, '-o', 'json'];
    const running = new CaptureProcess(start(bothends(...capture)));
    await running.recording();
    await talk(fileOf(WEB), fileOf(DB));
    const { code, stdout, stderr } = await running.stop();
    if (code !== 0) throw new Error(stderr);
    const { stderr: unknown } = await ask('capture', 'pod/shop/web-9', 'pod/db-0');
    return { pods: [...found], report: JSON.parse(stdout), unknown };
  } finally {
    for (const child of started) child.kill('SIGTERM');
    for (const id of ids) await kubelet.remove(id);
    kubelet.close();
    for (const controller of readdirSync('/sys/fs/cgroup'))
      removeGroup(join('/sys/fs/cgroup', controller, CGROUP));
  }
}

function removeGroup(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Not every controller has it.
  }
}

process.stdout.write(JSON.stringify(await run()));
