import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { NodeRoot } from './node-root.js';
import { Traffic } from './traffic.js';

/** Every Debian has this user, and it owns nothing. */
const USER = 'nobody';
const PORT = 7701;
const TRAFFIC_MS = 1_000;
const POLL_MS = 50;

describeLab('captures in pods', () => {
  let lab: Lab;
  let fleet: Fleet;
  let node: NodeRoot;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    node = new NodeRoot();
    node.addPod('shop', 'web-7f9', lab.host('client').namespace);
    node.addPod('shop', 'db-0', lab.host('server').namespace);
    node.addPod('test', 'db-0', lab.host('server').namespace);
    node.addPod('shop', 'proxy-0', null);
    node.addPod('billing', 'api-0', lab.host('server').namespace);
    fleet = await Fleet.start(lab, { agents: ['client'] });
    // Where another user may enter.
    chmodSync(fleet.folder, 0o711);
    const policy = join(fleet.folder, 'policy.yaml');
    writeFileSync(policy, 'pods: ["shop/*", "test/*"]\n');
    const data = join(fleet.folder, 'confined');
    await checkCommand(['install', '-d', '-m', '0700', '-o', USER, data]);
    // An unprivileged agent next to the pods, not in them; what enters them stays root.
    const how = ['--pods', '--user', USER, '--host-root', node.folder, '--policy', policy, '--data', data];
    await fleet.startAgent('node-1', how, {
      on: 'coordinator',
      under: ['setpriv', `--bounding-set=-all,${rights()}`],
    });
    await fleet.connected(['client', 'node-1']);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
    node?.remove();
  });

  const refusal = async (client: string, server: string) => {
    const { code, stderr } = await fleet.run(['capture', client, server, '--port', String(PORT)]);
    expect(code).toBe(1);
    return stderr;
  };

  it('records in the networks of two pods of one node, and nothing is missing', async () => {
    const running = fleet.capture([
      'pod/web-7f9',
      'pod/shop/db-0',
      '--port',
      String(PORT),
      '--name',
      'in pods',
    ]);
    await running.recording();
    expect(await lab.host('client').packetSockets()).toBe(1);
    const traffic = await Traffic.start(lab, PORT, TRAFFIC_MS);
    await traffic.over;
    expect((await running.stop()).code).toBe(0);
    const { flows, taps } = await fleet.report('in pods');
    expect(taps.map(({ name, coverage }) => ({ name, coverage }))).toEqual([
      { name: 'pod/shop/web-7f9', coverage: 'complete' },
      { name: 'pod/shop/db-0', coverage: 'complete' },
    ]);
    const flow = flows.find(({ protocol }) => protocol === 'tcp');
    expect(flow?.client.address).toBe(lab.host('client').address());
    expect(flow?.packets.matched).toBe(flow?.packets.clientTap);
    expect(flow?.packets.serverTap).toBe(flow?.packets.clientTap);
    expect(await lab.host('client').packetSockets()).toBe(0);
  });

  it('writes down on whose node', async () => {
    const { stdout } = await fleet.run(['audit']);
    expect(stdout).toContain('pod/shop/web-7f9 on node-1, pod/shop/db-0 on node-1');
  });

  it('records between a pod and a host', async () => {
    const running = fleet.capture(['client', 'pod/shop/db-0', '--port', String(PORT), '--name', 'mixed']);
    await running.recording();
    const traffic = await Traffic.start(lab, PORT, TRAFFIC_MS);
    await traffic.over;
    expect((await running.stop()).code).toBe(0);
    const flow = (await fleet.report('mixed')).flows.find(({ protocol }) => protocol === 'tcp');
    expect(flow?.packets.matched).toBe(flow?.packets.serverTap);
  });

  it('says which pods a name may mean, what was seen instead, and which rule refuses', async () => {
    expect(await refusal('client', 'pod/db-0')).toContain(
      'pod/db-0 may be pod/shop/db-0 on node-1 or pod/test/db-0 on node-1: write its namespace, too',
    );
    const unknown = await refusal('client', 'pod/web-7f8');
    expect(unknown).toContain('no agent has pod/web-7f8, so nobody starts.');
    expect(unknown).toContain('node-1: sees 4 pods, such as pod/shop/web-7f9');
    expect(unknown).toContain('client: its agent cannot enter pods');
    expect(await refusal('client', 'pod/billing/api-0')).toContain(
      'policy of node-1 refuses pod/billing/api-0 (pods: shop/*, test/*)',
    );
    // Not named by its namespace, what the policy does not allow is not known at all.
    expect(await refusal('client', 'pod/api-0')).toContain('no agent has pod/api-0');
    expect(await refusal('client', 'pod/proxy-0')).toContain('no network of its own but its node');
    expect(await refusal('pod/web-7f9', 'pod/shop/web-7f9')).toContain('cannot be both ends');
  });

  it('the half that parses packets has no right but to read them; the other half takes its taps down with it', async () => {
    const running = fleet.capture(['pod/shop/web-7f9', 'pod/shop/db-0', '--port', String(PORT)]);
    await running.recording();
    const [agent = 0] = childrenOf(fleet.pid('node-1'), 'node');
    const status = readFileSync(`/proc/${agent}/status`, 'utf8');
    // CAP_NET_RAW is number 13.
    expect(status).toMatch(/^CapEff:\s*0*2000$/m);
    expect(status).toMatch(/^CapBnd:\s*0*2000$/m);
    expect(status).not.toMatch(/^Uid:\s*0\b/m);
    const taps = childrenOf(fleet.pid('node-1'), 'tcpdump');
    expect(taps).toHaveLength(2);
    await fleet.end('node-1', 'SIGKILL');
    for (const pid of [...taps, agent]) await gone(pid);
    await running.stop();
  });
});

/** What the unit gives to root, and no more: as setpriv takes it. */
function rights(): string {
  const unit = readFileSync(join(REPOSITORY_ROOT, 'deploy/bothends-agent-pods.conf'), 'utf8');
  const [, names = ''] = /^CapabilityBoundingSet=(.+)$/m.exec(unit) ?? [];
  return names
    .split(' ')
    .map((name) => name.replace('CAP_', '+').toLowerCase())
    .join(',');
}

/** Processes that one has started, by their program's name. */
function childrenOf(pid: number, program: string): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.filter((child) => nameOf(child).startsWith(program));
}

/** Name of a process; node calls its main thread by another one since release 20. */
function nameOf(pid: number): string {
  const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  return name === 'MainThread' ? 'node' : name;
}

async function gone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await sleep(POLL_MS);
}
