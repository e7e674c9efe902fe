// Writes what is shipped, as CycloneDX JSON: sbom-agent.json (the Debian package) and sbom.json (everything). Not by
// `npm sbom --omit dev`, which leaves out what development shares with the program.
//
// usage: node deploy/sbom.mjs [OUTPUT FOLDER]      default: dist below this checkout

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modulesOf } from './modules.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FILES = { agent: 'sbom-agent.json', all: 'sbom.json' };

function bill(part) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'cli/package.json'), 'utf8'));
  const name = part === 'agent' ? 'bothends-agent' : 'bothends';
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', 'bom-ref': name, name, version } },
    components: [...modulesOf(part)].map(([folder, locked]) => component(folder, locked)),
  };
}

function component(folder, { version, integrity, license }) {
  const full = folder.split('node_modules/').pop();
  const [name, group] = full.split('/').reverse();
  // npm's package URLs write the @ of a scope as %40.
  const purl = `pkg:npm/${full.replace('@', '%40')}@${version}`;
  const [algorithm, digest] = integrity.split('-');
  return {
    type: 'library',
    // A package may be there twice, in two versions or in two places.
    'bom-ref': `${folder}@${version}`,
    ...(group && { group }),
    ...{ name, version, purl },
    ...(license && { licenses: [{ expression: license }] }),
    hashes: [
      { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') },
    ],
  };
}

const output = process.argv[2] ?? join(ROOT, 'dist');
mkdirSync(output, { recursive: true });
for (const [part, file] of Object.entries(FILES)) {
  const path = join(output, file);
  writeFileSync(path, `${JSON.stringify(bill(part), null, 2)}\n`);
  process.stdout.write(`${path}\n`);
}
