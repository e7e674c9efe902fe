import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeFiles } from '@bothends/cli/analyze/analyze';
import { BundleRecorder } from '@bothends/cli/analyze/bundle-recorder';
import { writeNewFile } from '@bothends/cli/export/new-file';
import { writePcapng } from '@bothends/cli/export/write-pcapng';
import { canonicalJson } from '@bothends/proto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bothends-privacy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function exported(scenario: string): Promise<Buffer[]> {
  const names = ['client.pcap', 'server.pcap'] as const;
  const options = { captureId: 'files', captureName: '', port: null, vouchComplete: false };
  const bundle = join(folder, `${scenario}.tar`);
  await writeNewFile(bundle, async (out) => {
    const recorder = new BundleRecorder({ out, options, names, pseudonymise: false, nowMs: 0 });
    const { result } = await analyzeFiles(capturePaths(scenario), options, null, () => {}, recorder);
    if (result.kind === 'report') recorder.finish(canonicalJson(result.report));
  });
  const pcapng = join(folder, `${scenario}.pcapng`);
  await writeNewFile(pcapng, (out) => writePcapng(bundle, out));
  return [readFileSync(bundle), readFileSync(pcapng)];
}

/** Words that stand in the payloads of a capture: an URL, header fields, a server's name, a question. */
const SECRETS: readonly (readonly [scenario: string, words: readonly string[]])[] = [
  ['http-body-cut', ['/archive', 'files.example', 'HTTP/1.1 200 OK']],
  ['tls-name-allowed', ['allowed.example', 'UUUUUUUU']],
  ['dns-failed', ['example']],
];

it.each(SECRETS)('nothing of the payload of %s is in its exports', async (scenario, words) => {
  const captured = readFileSync(capturePaths(scenario)[0]);
  expect(words.filter((word) => !captured.includes(word))).toEqual([]);
  for (const file of await exported(scenario)) {
    expect(words.filter((word) => file.includes(word))).toEqual([]);
  }
});
