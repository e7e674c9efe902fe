import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pseudonyms, parseManifest, type Verification, verifyBundle } from '@bothends/coordinator/bundle';
import { TarFile } from '@bothends/coordinator/bundle/tar-file';
import type { Report } from '@bothends/proto';
import { signBatch } from '@bothends/proto/evidence/chain';
import { keyFingerprint, publicKeyDer } from '@bothends/proto/evidence/keys';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey, SignedCapture } from './signed-bundle.js';
import { Members } from './tampering.js';

/** A firewall that forgot the connection rejects its next packet: a capture with a verdict worth forging. */
const SCENARIO = 'idle-reject';

let folder: string;
let path: string;
let signed: SignedCapture;
let whole: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bothends-bundle-'));
  path = join(folder, 'bundle.tar');
  signed = new SignedCapture(SCENARIO);
  whole = await signed.bundle();
});
afterAll(() => rmSync(folder, { recursive: true }));

function verified(bytes: Uint8Array): Verification {
  writeFileSync(path, bytes);
  return verifyBundle(path);
}

/** What is wrong after a change to the members of the good bundle. */
function problemsAfter(change: (members: Members) => void, bytes: Uint8Array = whole): string[] {
  writeFileSync(path, bytes);
  const members = new Members(path);
  change(members);
  members.write(path);
  return problemsOf(verifyBundle(path));
}

function problemsOf({ checks }: Verification): string[] {
  return checks.flatMap(({ problems }) => problems);
}

describe('a bundle as the coordinator made it', () => {
  it('is whole, and names who signed it by the fingerprints of their keys', () => {
    const { checks, whole: holds } = verified(whole);
    expect(checks.flatMap(({ problems }) => problems)).toEqual([]);
    expect(holds).toBe(true);
    const said = checks.map(({ says }) => says).join('\n');
    for (const key of [signed.coordinatorKey, ...signed.agentKeys]) {
      expect(said).toContain(keyFingerprint(publicKeyDer(key)));
    }
  });

  it('holds against keys that are known, and against no other', () => {
    writeFileSync(path, whole);
    const known = [signed.coordinatorKey, ...signed.agentKeys].map((key) =>
      keyFingerprint(publicKeyDer(key)),
    );
    expect(verifyBundle(path, known).whole).toBe(true);
    const stranger = keyFingerprint(publicKeyDer(newKey()));
    expect(problemsOf(verifyBundle(path, [...known, stranger]))).toEqual([`nobody signed with ${stranger}`]);
  });

  it('holds the verdict, coverage, filters and policies', () => {
    writeFileSync(path, whole);
    const members = new Members(path);
    const report = JSON.parse(members.text('report.json')) as Report;
    expect(report.findings.map(({ code }) => code)).toContain('rst-forged');
    expect(members.text('coverage.json')).toContain('"kernelDrops": 0');
    expect(members.text('capture.json')).toContain('host 10.77.4.2');
    expect(members.text('policies/tap-1.json')).toBe('{"maxSnaplen":256}');
  });
});

const openssl = spawnSync('openssl', ['version']).status === 0;

it.skipIf(!openssl)(
  `openssl checks the signatures too${openssl ? '' : ' (SKIPPED: openssl is not installed)'}`,
  () => {
    writeFileSync(path, whole);
    const members = new Members(path);
    const manifest = parseManifest(members.text('manifest.json'));
    const check = (
      signed: Uint8Array | undefined,
      signature: Uint8Array | undefined,
      key: string | undefined,
    ) => {
      const files = { signed, signature, key: Buffer.from(key ?? '', 'base64') };
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes ?? '');
      const options = [
        '-pubin',
        '-keyform',
        'DER',
        '-inkey',
        'key',
        '-rawin',
        '-in',
        'signed',
        '-sigfile',
        'signature',
      ];
      return spawnSync('openssl', ['pkeyutl', '-verify', ...options], { cwd: folder, encoding: 'utf8' })
        .stdout;
    };
    const bytes = members.contents.get('manifest.json');
    expect(check(bytes, members.contents.get('manifest.sig'), manifest.signer?.publicKey)).toMatch(
      /Successfully/,
    );
    // As docs/bundle.md tells to do it: the signature is the last field of a batch.
    const batch = members.contents.get('evidence/tap-1/00000001.batch');
    const key = manifest.taps[0]?.signer?.publicKey;
    expect(check(batch?.subarray(0, -66), batch?.subarray(-64), key)).toMatch(/Successfully/);
  },
);

describe('one flipped bit', () => {
  it('is noticed wherever it is', () => {
    writeFileSync(path, whole);
    const tar = TarFile.open(path);
    // Of each member the header, first and last byte and padding; and a walk through everything.
    const edges = tar.members.flatMap(({ offset, size }) => [
      offset - 512,
      offset,
      offset + size - 1,
      offset + size,
    ]);
    tar.close();
    const walk = Array.from({ length: 120 }, (_, i) => Math.floor((i * whole.length) / 120));
    const missed = [...edges, ...walk].filter((at) => {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ (1 << (at & 7));
      return verified(damaged).whole;
    });
    expect(missed).toEqual([]);
  });

  it('in a batch names file, batch and tap', () => {
    const problems = problemsAfter(({ contents }) => {
      const batch = contents.get('evidence/tap-2/00000002.batch');
      if (batch) batch[batch.length >> 1] = (batch[batch.length >> 1] as number) ^ 4;
    });
    expect(problems.join('\n')).toMatch(/evidence\/tap-2\/00000002\.batch \(batch 2 of db\) was changed/);
    expect(problems.join('\n')).toMatch(/batch 2 of db (is not as db signed it|cannot be decoded)/);
  });
});

describe('a forger', () => {
  it('who leaves out a batch is told which', () => {
    const problems = problemsAfter(({ contents }) => contents.delete('evidence/tap-1/00000002.batch'));
    expect(problems).toContain('evidence/tap-1/00000002.batch (batch 2 of web) is missing');
    expect(problems).toContain('batch 2 of web is missing');
  });

  it('who leaves out the last batch of a tap is told which, and of that tap none is called whole', () => {
    let last = '';
    const problems = problemsAfter(({ contents }) => {
      last = [...contents.keys()].filter((path) => path.startsWith('evidence/tap-2/')).at(-1) ?? '';
      contents.delete(last);
    });
    const number = Number(/\d+(?=\.batch)/.exec(last)?.[0]);
    expect(problems).toContain(`${last} (batch ${number} of db) is missing`);
    expect(problems).toContain(`batch ${number} of db is missing`);
  });

  it('who has the key of the coordinator too cannot leave out a batch', () => {
    const problems = problemsAfter((members) => {
      members.contents.delete('evidence/tap-1/00000002.batch');
      members.resign(signed.coordinatorKey);
    });
    expect(problems).toContain('batch 2 of web is missing');
  });

  it('who edits a verdict is told which finding, even when everything is signed anew', () => {
    const problems = problemsAfter((members) => {
      members.edit('report.json', (text) => text.replace('"code": "rst-forged"', '"code": "rst-genuine"'));
      members.resign(signed.coordinatorKey);
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      /^finding F1 \(rst-forged\): its code is "rst-genuine" in the report, "rst-forged" by the evidence$/,
    );
  });

  it('who adds and removes findings is told both', () => {
    const problems = problemsAfter((members) => {
      members.edit('report.json', (text) => text.replace('"id": "F1"', '"id": "F99"'));
      members.resign(signed.coordinatorKey);
    });
    expect(problems).toContain('finding F99 (rst-forged) does not follow from the evidence');
    expect(problems).toContain(
      'finding F1 (rst-forged) follows from the evidence and is missing from the report',
    );
  });

  it('who changes a packet without the key of the agent is told the batch', () => {
    const problems = problemsAfter((members) => {
      const name = 'evidence/tap-1/00000001.batch';
      const batch = Batch.decode(members.contents.get(name) ?? Buffer.alloc(0));
      const forged = signBatch({ ...batch, firstNs: batch.firstNs + 1n }, newKey());
      members.contents.set(name, Buffer.from(Batch.encode(forged).finish()));
      members.resign(signed.coordinatorKey);
    });
    expect(problems).toContain('batch 1 of web is not as web signed it');
    expect(problems).toContain('batch 2 of web was written after another batch than the one before it here');
  });

  it('who signs the manifest with another key under the old fingerprint is caught', () => {
    const problems = problemsAfter((members) => members.resign(newKey()));
    expect(problems.join()).toMatch(/fingerprint/);
  });

  it('who edits the coverage is told', () => {
    const problems = problemsAfter((members) => {
      members.edit('coverage.json', (text) => text.replace('"kernelDrops": 0', '"kernelDrops": 7'));
      members.resign(signed.coordinatorKey);
    });
    expect(problems).toEqual(['coverage.json says something else than the last batches of the taps']);
  });

  it('who puts a file in, or batches in another order, is told', () => {
    expect(problemsAfter(({ contents }) => contents.set('extra.txt', Buffer.from('x')))).toEqual([
      'extra.txt is not in the manifest',
    ]);
    const problems = problemsAfter(({ contents }) => {
      const [first, second, third, ...rest] = [...contents];
      contents.clear();
      for (const each of [first, third, second, ...rest]) if (each) contents.set(...each);
    });
    expect(problems.join()).toMatch(/stands at another place than in the manifest/);
  });

  it('who makes capture.json unreadable gets an answer, not a crash', () => {
    for (const change of [() => 'null', () => '{', (text: string) => text.replace('"taps"', '"tap"')]) {
      const problems = problemsAfter((members) => {
        members.edit('capture.json', change);
        members.resign(signed.coordinatorKey);
      });
      expect(problems.length).toBeGreaterThan(0);
    }
  });

  it('who removes the signature is told', () => {
    expect(problemsAfter(({ contents }) => contents.delete('manifest.sig'))).toEqual([
      'manifest.sig is missing',
    ]);
  });
});

describe('a bundle of another engine', () => {
  const other = (members: Members) =>
    members.edit('manifest.json', (text) => text.replace(/"engine": "[^"]*"/, '"engine": "0.0.9"'));

  it('is whole when its report follows all the same', () => {
    const problems = problemsAfter((members) => {
      other(members);
      members.resign(signed.coordinatorKey);
    });
    expect(problems).toEqual([]);
  });

  it('is not called forged, but not confirmed either, when it does not', () => {
    const [problem] = problemsAfter((members) => {
      other(members);
      members.edit('report.json', (text) => text.replace('"grade": "', '"grade": "un'));
      members.resign(signed.coordinatorKey);
    });
    expect(problem).toMatch(
      /^made by engine 0\.0\.9, and this is .*: only a bothends with that engine can tell/,
    );
  });
});

describe('what agents do honestly', () => {
  it('a batch that was lost, and declared, breaks no chain', async () => {
    const lossy = new SignedCapture(SCENARIO, (batches) =>
      batches.map((batch) => {
        if (batch.sequence !== 2n) return batch;
        const { previous, ...rest } = batch;
        return { ...rest, count: 0, columns: Buffer.alloc(0), crc32: 0 };
      }),
    );
    const { checks } = verified(await lossy.bundle());
    expect(checks.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('an agent of an earlier version signs nothing, and the bundle says so', async () => {
    const old = new SignedCapture(SCENARIO);
    for (const tap of old.capture.taps) delete tap.signingKey;
    const { checks, whole: holds } = verified(await old.bundle());
    expect(holds).toBe(true);
    expect(checks.map(({ says }) => says).join()).toMatch(/unsigned: the agent of web signed nothing/);
  });
});

describe('with pseudonyms', () => {
  const pseudonyms = new Pseudonyms(new Uint8Array(32).fill(9));

  it('it verifies, and says what was dropped', async () => {
    const { checks, manifest } = verified(await signed.bundle(pseudonyms));
    expect(checks.flatMap(({ problems }) => problems)).toEqual([]);
    expect(manifest?.pseudonymised).toBe(true);
    expect(manifest?.taps.map(({ signer }) => signer)).toEqual([null, null]);
    expect(manifest?.notes.join()).toMatch(/signatures of the agents .* were dropped/);
  });

  it('it gives the same verdicts and no address', async () => {
    writeFileSync(path, whole);
    const plain = JSON.parse(new Members(path).text('report.json')) as Report;
    const bytes = await signed.bundle(pseudonyms);
    writeFileSync(path, bytes);
    const members = new Members(path);
    const report = JSON.parse(members.text('report.json')) as Report;
    const verdicts = ({ findings }: Report) =>
      findings.map(({ code, grade, direction }) => [code, grade, direction]);
    expect(verdicts(report)).toEqual(verdicts(plain));
    const [flow] = report.flows;
    expect(flow?.client.address).toBe(pseudonyms.address(plain.flows[0]?.client.address ?? ''));
    expect(bytes.includes('10.77.')).toBe(false);
    // 10.77.4.2 and 10.77.1.1 as they stand in packets.
    for (const address of [Buffer.of(10, 77, 4, 2), Buffer.of(2, 4, 77, 10)])
      expect(bytes.includes(address)).toBe(false);
  });
});
