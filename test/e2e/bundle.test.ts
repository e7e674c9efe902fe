import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TarFile } from '@bothends/coordinator/bundle/tar-file';
import type { Report } from '@bothends/proto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Members } from '../bundle/tampering.js';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, Lab } from '../lab/index.js';

const PORT = 7301;

describeLab('the evidence of a capture over real agents', () => {
  let lab: Lab;
  let fleet: Fleet;
  let bundle: string;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
    bundle = join(fleet.folder, 'bundle.tar');
    await captureRefusal();
    const { code, stderr } = await fleet.run(['export', 'refused', '--bundle', bundle]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/bothends verify/) });
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  /** Nothing listens on the port, so that there is a verdict. */
  async function captureRefusal(): Promise<void> {
    const running = fleet.capture(['client', 'server', '--port', `${PORT}`, '--name', 'refused']);
    await running.recording();
    const steps = { role: 'connect', port: PORT, address: lab.host('server').address(), steps: [] } as const;
    await lab
      .host('client')
      .endpoint(steps)
      .exited.catch(() => undefined);
    expect(await running.stop()).toMatchObject({ code: 0 });
  }

  async function verify(path: string): Promise<{ code: number | null; stdout: string }> {
    const { code, stdout } = await fleet.run(['verify', path]);
    // As one line: where it is wrapped is not the point.
    return { code, stdout: stdout.replaceAll(/\s+/g, ' ') };
  }

  it('verifies, with the signature of each agent and of the coordinator', async () => {
    const { code, stdout } = await verify(bundle);
    expect(stdout).not.toMatch(/✗/);
    expect(code).toBe(0);
    expect(stdout).toMatch(/of client: signed by client, key sha256:[0-9a-f]{64}, in one chain/);
    expect(stdout).toMatch(/of server: signed by server, key sha256:[0-9a-f]{64}, in one chain/);
    expect(stdout).toMatch(/manifest is signed by coordinator/);
    expect(stdout).toMatch(/report follows from the evidence, byte for byte/);
    // Each host's owner finds the same fingerprint in the log of the agent.
    for (const name of ['client', 'server']) {
      const [, fingerprint = ''] = /"signsWith":"(sha256:[0-9a-f]{64})"/.exec(fleet.log(name)) ?? [];
      expect(stdout).toContain(fingerprint);
    }
  });

  it('holds the report that the coordinator gives', async () => {
    const { stdout } = await fleet.run(['report', 'refused', '-o', 'json']);
    expect(new Members(bundle).text('report.json')).toBe(stdout);
    expect((JSON.parse(stdout) as Report).findings.map(({ code }) => code)).toContain('rst-genuine');
  });

  it('a flipped bit, a missing batch and an edited verdict are each named', async () => {
    const damaged = join(fleet.folder, 'damaged.tar');
    const bytes = readFileSync(bundle);
    const tar = TarFile.open(bundle);
    const member = tar.find('evidence/tap-1/00000001.batch');
    tar.close();
    const at = (member?.offset ?? 0) + (member?.size ?? 0) - 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(damaged, bytes);
    const flipped = await verify(damaged);
    expect(flipped.code).toBe(1);
    expect(flipped.stdout).toMatch(/00000001\.batch \(batch 1 of client\) was changed/);

    const without = new Members(bundle);
    without.contents.delete('evidence/tap-2/00000002.batch');
    without.write(damaged);
    expect((await verify(damaged)).stdout).toMatch(/batch 2 of server is missing/);

    const edited = new Members(bundle);
    edited.edit('report.json', (text) => text.replace('"sender": "server"', '"sender": "path"'));
    edited.write(damaged);
    expect((await verify(damaged)).stdout).toMatch(
      /finding F\d+ \(rst-genuine\): its sender is "path" in the report/,
    );
  });

  it('pseudonymised it verifies too, says what was dropped, and holds no address of the lab', async () => {
    const path = join(fleet.folder, 'pseudonymised.tar');
    expect((await fleet.run(['export', 'refused', '--bundle', path, '--pseudonymise'])).code).toBe(0);
    const { code, stdout } = await verify(path);
    expect(stdout).toMatch(/signatures of the agents .* were dropped/);
    expect(code).toBe(0);
    const text = readFileSync(path, 'latin1');
    for (const host of ['client', 'server']) {
      expect(text).not.toContain(lab.host(host).address());
      expect(text).not.toContain(lab.host(host).managementAddress);
    }
  });

  it('exports packets for Wireshark, the same from the bundle as from the coordinator', async () => {
    const path = join(fleet.folder, 'refused.pcapng');
    expect((await fleet.run(['export', 'refused', '--pcapng', path])).code).toBe(0);
    const again = join(fleet.folder, 'again.pcapng');
    expect((await fleet.run(['export', bundle, '--pcapng', again])).code).toBe(0);
    expect(readFileSync(again).equals(readFileSync(path))).toBe(true);
    const { stdout, error } = spawnSync('tshark', ['-r', path, '-Y', 'tcp.flags.reset == 1'], {
      encoding: 'utf8',
    });
    if (!error) expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(2);
  });

  it('no chain is broken by a coordinator and an agent that are killed in the middle', async () => {
    const running = fleet.capture(['client', 'server', '--port', '7303', '--name', 'troubled']);
    await running.recording();
    await fleet.end('coordinator', 'SIGKILL');
    await fleet.startCoordinator();
    await fleet.connected(['client', 'server']);
    await fleet.end('server', 'SIGKILL');
    await fleet.startAgent('server');
    await fleet.connected(['server']);
    await running.stop();
    // Ctrl-C may have met the command while it was looking for its coordinator; then the capture is still on.
    await fleet.run(['stop', 'troubled']);
    const path = join(fleet.folder, 'troubled.tar');
    // The restarted agent may still be shipping what it had spooled; until that is in, the capture is not over.
    await vi.waitFor(
      async () => {
        const { code, stderr } = await fleet.run(['export', 'troubled', '--bundle', path]);
        expect(code, stderr).toBe(0);
      },
      { timeout: 40_000, interval: 1_000 },
    );
    const { code, stdout } = await verify(path);
    expect(stdout).not.toMatch(/✗/);
    expect(code).toBe(0);
    expect(stdout).toMatch(/of server: signed by server, key sha256:[0-9a-f]{64}, in one chain/);
  });

  it('says what cannot be exported, and leaves no file behind', async () => {
    const path = join(fleet.folder, 'none.tar');
    const unknown = await fleet.run(['export', 'refuse', '--bundle', path]);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/refused/) });
    const running = fleet.capture(['client', 'server', '--port', '7302', '--name', 'running']);
    await running.recording();
    const early = await fleet.run(['export', 'running', '--bundle', path]);
    expect(early).toMatchObject({ code: 1, stderr: expect.stringMatching(/still recording/) });
    await running.stop();
    const nowhere = await fleet.run([
      'export',
      'refused',
      '--bundle',
      join(fleet.folder, 'no/such/folder/x.tar'),
    ]);
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringMatching(/cannot be written/) });
    expect(existsSync(path)).toBe(false);
  });
});
