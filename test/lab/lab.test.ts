import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './describe.js';
import { chain, Lab, type LabHost, type Step } from './index.js';
import { builtScript } from './paths.js';
import { listStates } from './state.js';

function namespaces(id: string): string[] {
  const listing = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  return listing.split('\n').filter((line) => line.startsWith(`be-${id}-`));
}

describeLab('a lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} }, links: { 'm2-m3': { mtu: 1400 } } }));
  });
  afterAll(() => lab.destroy());

  it.each([4, 6] as const)('routes IPv%i from end to end over three routers', async (family) => {
    const target = lab.host('server').address(family);
    const server = lab.host('server').endpoint({ role: 'listen', port: 7, steps: [{ do: 'echo' }] });
    await server.waitFor('listening');
    const client = lab.host('client').endpoint({
      role: 'connect',
      address: target,
      port: 7,
      steps: [
        { do: 'send', bytes: 50_000 },
        { do: 'receive', bytes: 50_000 },
      ],
    });
    await client.waitFor('closed');
    expect(client.events.map(({ name }) => name)).toEqual(['connected', 'sent', 'received', 'closed']);
    await server.stop();
  });

  it('takes three routers off the TTL', async () => {
    const recording = await lab.host('server').record('/dev/null', { filter: 'udp port 9 and ip[8] = 61' });
    await lab.host('client').endpoint({
      protocol: 'udp',
      role: 'connect',
      address: lab.host('server').address(),
      port: 9,
      steps: [{ do: 'send', bytes: 10 }],
    }).exited;
    expect(await recording.stop()).toEqual({ captured: 1, dropped: 0 });
  });

  it('keeps the management network when the data path is cut', async () => {
    const [coordinator, server] = [lab.host('coordinator'), lab.host('server')];
    const listeners = [coordinator, server].map((host) => host.endpoint({ role: 'listen', port: 8 }));
    for (const listener of listeners) await listener.waitFor('listening');
    const cut = 'table inet cut { chain f { type filter hook forward priority 0; counter drop; }; }';
    await lab.host('m2').nft(cut);
    const reach = (address: string) =>
      lab
        .host('client')
        .endpoint({ role: 'connect', address, port: 8 })
        .waitFor('connected', { timeoutMs: 1_000 });
    await reach(coordinator.managementAddress);
    await expect(reach(server.address())).rejects.toThrow('no "connected" within 1000 ms');
    await lab.host('m2').check(['nft', 'delete', 'table', 'inet', 'cut']);
    await reach(server.address());
  });

  it('counts what a rule saw', async () => {
    const m1 = lab.host('m1');
    await m1.nft(
      'table inet t { counter seen {}; chain f { type filter hook forward priority 0; udp dport 9 counter name seen; }; }',
    );
    const send = { do: 'send', bytes: 100 } as const;
    const spec = {
      protocol: 'udp',
      role: 'connect',
      address: lab.host('server').address(),
      port: 9,
    } as const;
    // Sent at once: the port is closed, and its ICMP error would end a later step.
    await lab.host('client').endpoint({ ...spec, steps: [send] }).exited;
    await lab.host('client').endpoint({ ...spec, steps: [send] }).exited;
    expect(await m1.counter('seen')).toEqual({ packets: 2, bytes: 2 * (100 + 28) });
    await expect(m1.counter('none')).rejects.toThrow('m1 has no nft counter "none"');
  });

  it('reads and sets kernel settings of one host only', async () => {
    const before = await lab.host('m1').sysctl('net.ipv4.ip_default_ttl');
    expect(await lab.host('client').sysctl('net.ipv4.ip_default_ttl', 99)).toBe('99');
    expect(await lab.host('m1').sysctl('net.ipv4.ip_default_ttl')).toBe(before);
    await lab.host('client').sysctl('net.ipv4.ip_default_ttl', before);
  });

  it('gives a link its MTU', async () => {
    const show = (host: string, device: string) => lab.host(host).check(['ip', '-o', 'link', 'show', device]);
    expect(await show('m2', lab.host('m2').interface('m3'))).toContain('mtu 1400');
    expect(await show('m1', lab.host('m1').interface('m2'))).toContain('mtu 1500');
  });

  it('shapes and offloads one end of a link', async () => {
    await using shaped = await Lab.create(
      chain({
        routers: 0,
        links: {
          'client-server': {
            left: { offloads: { tso: false, gro: true } },
            right: { shape: { bitsPerSecond: 1_000_000, burstBytes: 10_000, latencyMs: 50 } },
          },
        },
      }),
    );
    const [client, server] = [shaped.host('client'), shaped.host('server')];
    const features = await client.check(['ethtool', '-k', client.interface()]);
    expect(features).toMatch(/^tcp-segmentation-offload: off/m);
    expect(features).toMatch(/^generic-receive-offload: on/m);
    const discipline = (host: LabHost) => host.check(['tc', 'qdisc', 'show', 'dev', host.interface()]);
    expect(await discipline(server)).toMatch(/qdisc tbf .* rate 1Mbit burst 10000b lat 50ms/);
    expect(await discipline(client)).not.toContain('tbf');
  });

  it('names what a host does not have', () => {
    expect(() => lab.host('m9')).toThrow('no host "m9"; there are client, m1, m2, m3, server, coordinator');
    expect(() => lab.host('coordinator').address(4)).toThrow('no IPv4 address on the data path');
  });
});

describeLab('labs and their leftovers', () => {
  it('runs two at once with the same addresses', async () => {
    await using one = await Lab.create(chain({ routers: 1 }));
    await using two = await Lab.create(chain({ routers: 1 }));
    const listen = { role: 'listen', port: 80, address: '10.77.2.2' } as const;
    const servers = [one, two].map((lab) => lab.host('server').endpoint(listen));
    for (const server of servers) await server.waitFor('listening');
    expect(one.host('server').address()).toBe(two.host('server').address());
  });

  it('leaves nothing behind, running processes included', async () => {
    const lab = await Lab.create(chain({ routers: 1 }));
    const child = lab.host('client').spawn(['sleep', '1000']);
    const ended = once(child, 'exit');
    await lab.destroy();
    await ended;
    expect(namespaces(lab.id)).toEqual([]);
    expect(listStates().map(({ id }) => id)).not.toContain(lab.id);
  });

  it('removes nothing half-built when a configuration fails in the kernel', async () => {
    const broken = chain({ routers: 1, hosts: { server: { nft: 'no such statement' } } });
    await expect(Lab.create(broken, { id: 'broken' })).rejects.toThrow('syntax error');
    expect(namespaces('broken')).toEqual([]);
  });

  it('removes what a killed process left when the next lab starts', async () => {
    const owner = spawn(process.execPath, [builtScript('lab/hold.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const id = line.toString().trim();
    expect(namespaces(id)).not.toEqual([]);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await using _next = await Lab.create(chain({ routers: 1 }));
    expect(namespaces(id)).toEqual([]);
  });

  it('goes with its process on SIGTERM', async () => {
    const owner = spawn(process.execPath, [builtScript('lab/hold.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    owner.kill('SIGTERM');
    expect(await once(owner, 'exit')).toEqual([null, 'SIGTERM']);
    expect(namespaces(line.toString().trim())).toEqual([]);
  });
});

describeLab('an endpoint', () => {
  let lab: Lab;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-lab-'));
    lab = await Lab.create(chain({ routers: 0 }));
  });
  afterAll(async () => {
    await lab.destroy();
    rmSync(folder, { recursive: true });
  });

  /** A listener on the server and a connector on the client; returns what the client reports. */
  async function meet(server: Step[], client: Step[]) {
    const listener = lab.host('server').endpoint({ role: 'listen', port: 80, steps: server });
    await listener.waitFor('listening');
    const address = lab.host('server').address();
    const connector = lab.host('client').endpoint({ role: 'connect', address, port: 80, steps: client });
    await connector.exited;
    await listener.stop();
    return connector.events.map(({ name, detail }) =>
      name === 'connected' ? name : `${name} ${detail}`.trim(),
    );
  }

  it('sees a FIN when the peer closes', async () => {
    expect(await meet([{ do: 'send', text: 'bye' }], [{ do: 'drain' }])).toEqual([
      'connected',
      'ended',
      'closed 3',
    ]);
  });

  it('sees a RST when the peer closes with linger 0', async () => {
    const events = await meet(
      [{ do: 'receive', bytes: 1 }, { do: 'reset' }],
      [{ do: 'send', bytes: 1 }, { do: 'drain' }],
    );
    expect(events).toEqual(['connected', 'sent 1', 'reset ECONNRESET', 'closed 0']);
  });

  it('draws a RST by closing with unread data', async () => {
    const listener = lab.host('server').endpoint({
      role: 'listen',
      port: 81,
      reading: false,
      steps: [{ do: 'wait', ms: 300 }, { do: 'close' }],
    });
    await listener.waitFor('listening');
    const address = lab.host('server').address();
    const connector = lab.host('client').endpoint({
      role: 'connect',
      address,
      port: 81,
      steps: [{ do: 'send', bytes: 10 }, { do: 'drain' }],
    });
    expect((await connector.waitFor('reset')).detail).toBe('ECONNRESET');
    await listener.stop();
  });

  it('is refused where nothing listens', async () => {
    const address = lab.host('server').address();
    const connector = lab.host('client').endpoint({ role: 'connect', address, port: 99 });
    expect((await connector.waitFor('error')).detail).toBe('ECONNREFUSED');
  });

  it('goes on sending after the peer has ended its direction', async () => {
    const events = await meet(
      [{ do: 'drain' }, { do: 'send', bytes: 7 }],
      [{ do: 'end' }, { do: 'receive', bytes: 7 }],
    );
    expect(events).toContain('received 7');
  });

  it('uses the source port it was given and waits for its word', async () => {
    const listener = lab.host('server').endpoint({ role: 'listen', port: 82, steps: [{ do: 'drain' }] });
    await listener.waitFor('listening');
    const connector = lab.host('client').endpoint({
      role: 'connect',
      address: lab.host('server').address(),
      port: 82,
      local: { port: 40_000 },
      steps: [
        { do: 'await', word: 'go' },
        { do: 'send', text: 'now' },
      ],
    });
    expect((await connector.waitFor('connected')).detail).toBe('10.77.1.1 40000 10.77.1.2 82');
    expect(connector.said('sent')).toBe(false);
    connector.tell('go');
    await connector.waitFor('sent');
    await listener.stop();
  });

  it('exchanges datagrams, and hears that a port is closed', async () => {
    const address = lab.host('server').address();
    const listener = lab.host('server').endpoint({
      protocol: 'udp',
      role: 'listen',
      address,
      port: 53,
      steps: [{ do: 'echo' }],
    });
    await listener.waitFor('listening');
    const ask = (port: number) =>
      lab.host('client').endpoint({
        protocol: 'udp',
        role: 'connect',
        address,
        port,
        steps: [
          { do: 'send', bytes: 20 },
          { do: 'receive', bytes: 20 },
        ],
      });
    expect((await ask(53).waitFor('received')).detail).toBe('20');
    expect((await ask(54).waitFor('error')).detail).toBe('ECONNREFUSED');
    await listener.stop();
  });

  it('is recorded', async () => {
    const file = join(folder, 'server.pcap');
    const recording = await lab.host('server').record(file, { filter: 'tcp port 80' });
    await meet([{ do: 'send', text: 'hi' }], [{ do: 'drain' }]);
    const { captured, dropped } = await recording.stop();
    expect(dropped).toBe(0);
    // SYN, SYN-ACK, ACK, data, ACK, and at least one FIN each with its ACK.
    expect(captured).toBeGreaterThanOrEqual(7);
    expect(existsSync(file)).toBe(true);
  });
});
