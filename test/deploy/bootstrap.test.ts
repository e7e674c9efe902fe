import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Harness } from '@bothends/coordinator/testing/harness';
import { expect, it } from 'vitest';
import { runCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { whyNoCopy } from './system-copy.js';

/** It copies all packages and throws half of them away, twice, on a machine that does other things too. */
const INSTALL_MS = 600_000;

// What it would install otherwise comes from the network, which this test does not ask.
const why = whyNoCopy(['tcpdump', 'libpcap0.8', 'libpcap-dev', 'python3', 'make', 'g++']);

it(`deploy/bootstrap.sh installs, joins, installs again, and leaves the owner's file as it is${why && ` (SKIPPED: ${why})`}`, {
  skip: why !== '',
  timeout: INSTALL_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-bootstrap-'));
  const harness = await Harness.start();
  try {
    const { joinLine, token } = await harness.handle.createJoinToken('strapped');
    const [, options = ''] = joinLine.split('| bothends agent ');
    const script = join(REPOSITORY_ROOT, 'test/deploy/bootstrapped.sh');
    const { code, stdout, stderr } = await runCommand(
      [
        ...['unshare', '--mount', '--propagation', 'private', script, REPOSITORY_ROOT, folder],
        ...options.split(' '),
        ...['--name', 'strapped'],
      ],
      { timeoutMs: INSTALL_MS, input: token },
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout.trim().split(/\s*\n/)).toEqual([
      'refused bootstrap: run: sudo /src/deploy/bootstrap.sh agent --join x exit 1',
      'unchanged',
      'usage exit 2',
      'user bothends-agent',
      'folder bothends-agent 700',
      'identity bothends-agent 600',
      expect.stringMatching(/^version \d/),
      'policy /etc/bothends/policy.yaml is a valid policy.',
      // systemd has nothing to say about it.
      'unit',
      'manual .TH',
      'development',
      'token',
      'again # mine',
      'coordinator bothends-coordinator 700',
      'unit',
    ]);
    expect(stderr).toContain('bootstrap: joining');
    const { agents } = await new Promise<{ agents: { name: string }[] }>((resolve, reject) =>
      harness.user.listAgents({}, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
    expect(agents.map(({ name }) => name)).toContain('strapped');
  } finally {
    await harness.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
