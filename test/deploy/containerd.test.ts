import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '@bothends/proto';
import { expect, it } from 'vitest';
import { runCommand } from '../lab/command.js';
import { builtScript, REPOSITORY_ROOT } from '../lab/paths.js';

/** containerd, two sandboxes and three programs of Node start one after the other. */
const NODE_MS = 600_000;

/** Why no node with a container runtime can be made here; '' where one can. */
function whyNoNode(): string {
  if (process.getuid?.() !== 0) return 'only root can run a container runtime';
  const needed = ['containerd', 'ctr', 'crun', '/usr/lib/cni/bridge', 'gcc', 'nsenter', 'tcpdump'];
  const missing = needed.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  return missing.length === 0
    ? ''
    : `not here: ${missing.join(', ')} (apt-get install containerd crun containernetworking-plugins)`;
}

const why = whyNoNode();

it(`pods of a real containerd are found over its CRI socket and captured in${why && ` (SKIPPED: ${why})`}`, {
  skip: why !== '',
  timeout: NODE_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-node-'));
  const own = join(folder, 'own');
  mkdirSync(own);
  for (const path of [folder, own]) chmodSync(path, 0o755);
  try {
    const { code, stdout, stderr } = await runCommand(
      [
        'unshare',
        ...[
          '--mount',
          '--net',
          '--pid',
          '--fork',
          '--kill-child',
          '--mount-proc',
          '--propagation',
          'private',
        ],
        ...[join(REPOSITORY_ROOT, 'test/deploy/containerd-node.sh'), folder],
        ...[process.execPath, builtScript('deploy/containerd-node.js'), own],
      ],
      { timeoutMs: NODE_MS },
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { pods, report, unknown } = JSON.parse(stdout) as {
      pods: [pod: string, network: string][];
      report: Report;
      unknown: string;
    };
    const inCni = expect.stringMatching(/^\/run\/netns\/cni-/);
    expect(pods.sort()).toEqual([
      ['shop/db-0/0f6d5b6e-53d2-4a5c-9a83-0c0f8f9a7b12', inCni],
      ['shop/web-7f9/0f6d5b6e-53d2-4a5c-9a83-0c0f8f9a7b11', inCni],
    ]);
    expect(report.taps.map(({ name, coverage }) => ({ name, coverage }))).toEqual([
      { name: 'pod/shop/web-7f9', coverage: 'complete' },
      { name: 'pod/shop/db-0', coverage: 'complete' },
    ]);
    const [flow] = report.flows.filter(({ server }) => server.port === 7701);
    expect(flow?.packets.matched).toBeGreaterThanOrEqual(8);
    expect(flow?.packets).toMatchObject({
      clientTap: flow?.packets.matched,
      serverTap: flow?.packets.matched,
    });
    expect(unknown).toContain('web-7f9');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
