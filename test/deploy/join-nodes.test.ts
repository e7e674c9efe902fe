import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Harness } from '@bothends/coordinator/testing/harness';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { checkCommand, runCommand } from '../lab/command.js';
import { BOTHENDS } from '../lab/fleet.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

const TIMEOUT_MS = 600_000;
const kubectl = spawnSync('sh', ['-c', 'command -v kubectl']).stdout.toString().trim();
const why = kubectl === '' ? 'kubectl is not installed' : '';

/** A kubectl whose cluster has two nodes and takes what is applied into a file; the rest the real one does by itself. */
const clusterOf = (folder: string) => `#!/bin/sh
case $1 in
  get) printf 'node/alpha\\nnode/beta.example\\n' ;;
  apply) cat > ${folder}/applied.yaml ;;
  *) exec ${kubectl} "$@" ;;
esac
`;

/** The chart's init container that lets a node join, as it would run with its volumes at these places. */
function joinCommand(data: string, secret: string): string {
  const template = readFileSync(join(REPOSITORY_ROOT, 'deploy/helm/bothends/templates/agent.yaml'), 'utf8');
  const plain = template.replace(/^ *\{\{- .*\}\}$/gm, '').replace(/\{\{ .*? \}\}/g, 'x');
  const [, agents] = parseAllDocuments(plain, { uniqueKeys: false }).map((document) => document.toJS());
  const inits = agents.spec.template.spec.initContainers as { name: string; command: string[] }[];
  const [, , command = ''] = inits.find(({ name }) => name === 'join')?.command ?? [];
  return command.replaceAll('/var/lib/bothends/agent', data).replaceAll('/join/', `${secret}/`);
}

it(`every node gets a token for its own name, and the chart's init container joins with it${why && ` (SKIPPED: ${why})`}`, {
  skip: why !== '',
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-nodes-'));
  const harness = await Harness.start();
  const bin = join(folder, 'bin');
  const secret = join(folder, 'secret');
  mkdirSync(bin);
  mkdirSync(secret);
  const program = (name: string, text: string) => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  program('kubectl', clusterOf(folder));
  program('bothends', `#!/bin/sh\nexec ${BOTHENDS.join(' ')} "$@"\n`);
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    BOTHENDS_CONTEXT: harness.handle.contextPath,
  };
  try {
    const script = join(REPOSITORY_ROOT, 'deploy/helm/join-nodes.sh');
    await checkCommand([script, 'be', 'net'], { env, timeoutMs: TIMEOUT_MS });
    const { kind, metadata, data } = parse(readFileSync(join(folder, 'applied.yaml'), 'utf8'));
    expect([kind, metadata.name, metadata.namespace]).toEqual(['Secret', 'be-join', 'net']);
    expect(Object.keys(data).sort()).toEqual(['alpha', 'beta.example', 'options.join']);
    // As a node mounts it.
    for (const [file, content] of Object.entries(data as Record<string, string>))
      writeFileSync(join(secret, file), Buffer.from(content, 'base64'));

    const own = join(folder, 'data');
    const run = (node: string) =>
      runCommand(['sh', '-c', joinCommand(own, secret)], {
        env: { ...env, NODE: node },
        timeoutMs: TIMEOUT_MS,
      });
    expect(await run('beta.example')).toMatchObject({ code: 0 });
    expect(readFileSync(join(own, 'identity.json'), 'utf8')).toContain('beta.example');
    // A node that has joined stays who it is, though its token is spent.
    expect(await run('beta.example')).toMatchObject({ code: 0 });
    rmSync(own, { recursive: true });
    // Another node cannot use it, and it does not work twice.
    const { code, stderr } = await run('beta.example');
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('token') });
    expect(existsSync(join(own, 'identity.json'))).toBe(false);
  } finally {
    await harness.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
