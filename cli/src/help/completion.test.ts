import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VERDICT_CODES } from '@bothends/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.js';
import { hasProgram, offeredByBash, offeredByFish, typedInto } from '../testing/shells.js';

/** What stands on the line after TAB, in each shell; `evidence.tar` and `policy.yaml` are in the folder. */
const TYPED: readonly [typed: string, completed: string][] = [
  ['expla', 'explain'],
  ['capture --du', 'capture --duration'],
  ['report -o mark', 'report -o markdown'],
  ['flow c-1 f-1 --around for', 'flow c-1 f-1 --around forged'],
  ['explain rst-forg', 'explain rst-forged'],
  ['verify evi', 'verify evidence.tar'],
  ['policy check pol', 'policy check policy.yaml'],
  ['--context evi', '--context evidence.tar'],
];

describe.each(['bash', 'zsh', 'fish'] as const)('completion in %s', (shell) => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-completion-'));
    writeFileSync(join(folder, 'script'), (await runCli(['completion', shell])).stdout);
    for (const name of ['evidence.tar', 'policy.yaml']) writeFileSync(join(folder, name), '');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach((context) => {
    context.skip(!hasProgram(shell), `no ${shell} on this machine: apt-get install -y ${shell}`);
  });

  test.each(TYPED)('%s', async (typed, completed) => {
    expect((await typedInto(shell, folder, `bothends ${typed}\t`)).trim()).toBe(`bothends ${completed}`);
  });

  // zsh tells its choices to nobody but its own menu.
  if (shell === 'zsh') return;
  test('offers all that fit', () => {
    const offered = shell === 'fish' ? offeredByFish : offeredByBash;
    expect(offered(folder, 'bothends cap')).toEqual(['capture', 'captures']);
    expect(offered(folder, 'bothends report -o ').sort()).toEqual(['html', 'json', 'markdown', 'text']);
    expect(offered(folder, 'bothends --context report flow --ar')).toEqual(['--around']);
    const resets = VERDICT_CODES.filter((code) => code.startsWith('rst-'));
    expect(offered(folder, 'bothends explain rst-').sort()).toEqual([...resets].sort());
  });
});
