import { verify } from 'node:crypto';
import { canonicalJson, toBothendsError } from '@bothends/proto';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { ENGINE_VERSION } from '../engine/version.js';
import { ChainCheck } from './chain-check.js';
import { type CoverageDocument, coverageDocument } from './coverage-document.js';
import { parseDocument } from './document.js';
import {
  CAPTURE,
  COVERAGE,
  MANIFEST,
  MANIFEST_HASH,
  MANIFEST_SIGNATURE,
  type Manifest,
  type ManifestFile,
  parseBatchPath,
  parseManifest,
  REPORT,
} from './manifest.js';
import { type Replay, replayOf } from './replay.js';
import { reportDifferences } from './report-check.js';
import { keyOf } from './signer.js';
import { TarFile, type TarMember } from './tar-file.js';
import { sha256 } from './writer.js';

/** One promise of a bundle, and whether it holds. */
export interface Check {
  /** As a sentence that is true when there is no problem. */
  readonly says: string;
  /** Sentences that name the file, tap, batch or finding. */
  readonly problems: readonly string[];
}

/** What the check of a bundle found. */
export interface Verification {
  /** null when there is none that can be read. */
  readonly manifest: Manifest | null;
  readonly checks: readonly Check[];
  /** All promises hold. */
  readonly whole: boolean;
}

/**
 * Checks a bundle, offline and with nothing but the file: every hash, signature and chain, and that the report follows
 * from the evidence. Damage is reported, not thrown.
 * `keys` are fingerprints that must be among those of its signers.
 * Throws `not-found` and `invalid-argument` for what is no bundle at all.
 */
export function verifyBundle(path: string, keys: readonly string[] = []): Verification {
  const tar = TarFile.open(path);
  try {
    return verifyTar(tar, keys);
  } finally {
    tar.close();
  }
}

function verifyTar(tar: TarFile, keys: readonly string[]): Verification {
  const structure = { says: 'the tar is whole', problems: tar.damage };
  const manifest = readManifest(tar);
  if (typeof manifest === 'string') {
    return {
      manifest: null,
      checks: [structure, { says: 'the manifest is there', problems: [manifest] }],
      whole: false,
    };
  }
  const evidence = new EvidenceCheck(tar, manifest);
  const trust = keys.length > 0 ? [keyCheck(manifest, keys)] : [];
  const checks = [structure, manifestCheck(tar, manifest), ...trust, ...evidence.run()];
  return { manifest, checks, whole: checks.every(({ problems }) => problems.length === 0) };
}

function readManifest(tar: TarFile): Manifest | string {
  const member = tar.find(MANIFEST);
  if (!member) return `${MANIFEST} is missing: nothing says what belongs to this bundle`;
  try {
    return parseManifest(tar.read(member).toString());
  } catch (error) {
    return toBothendsError(error).message;
  }
}

function manifestCheck(tar: TarFile, { signer }: Manifest): Check {
  const bytes = memberBytes(tar, MANIFEST);
  if (!signer) {
    const stated = memberBytes(tar, MANIFEST_HASH)?.toString();
    const holds = bytes && stated === `${sha256(bytes)}\n`;
    const problem = `${MANIFEST} was changed: its SHA-256 is not the one in ${MANIFEST_HASH}`;
    return { says: 'the manifest is as it was written (nobody signed it)', problems: holds ? [] : [problem] };
  }
  const says = `the manifest is signed by ${signer.name}, key ${signer.fingerprint}`;
  const key = keyOf(signer);
  if (typeof key === 'string') return { says, problems: [key] };
  const signature = memberBytes(tar, MANIFEST_SIGNATURE);
  if (!signature) return { says, problems: [`${MANIFEST_SIGNATURE} is missing`] };
  const holds = bytes && verify(null, bytes, key, signature);
  return { says, problems: holds ? [] : [`${MANIFEST} is not as ${signer.name} signed it`] };
}

/** The keys that the reader knows are those that signed; whether the signatures hold is checked elsewhere. */
function keyCheck({ signer, taps }: Manifest, keys: readonly string[]): Check {
  const signers = [signer, ...taps.map((tap) => tap.signer)].map((each) => each?.fingerprint);
  return {
    says: 'the keys that you named are among those that signed',
    problems: keys.filter((key) => !signers.includes(key)).map((key) => `nobody signed with ${key}`),
  };
}

function memberBytes(tar: TarFile, path: string): Buffer | null {
  const member = tar.find(path);
  return member ? tar.read(member) : null;
}

/** One walk over all files: hashes, chains, and the engine over the evidence. */
class EvidenceCheck {
  readonly #tar: TarFile;
  readonly #manifest: Manifest;
  readonly #fileProblems: string[] = [];
  readonly #chains: ChainCheck[];
  readonly #coverage: (CoverageDocument | null)[] = [null, null];
  #replay: Replay | string = `${CAPTURE} is missing`;

  constructor(tar: TarFile, manifest: Manifest) {
    this.#tar = tar;
    this.#manifest = manifest;
    this.#chains = manifest.taps.map((tap) => new ChainCheck(tap));
  }

  run(): Check[] {
    const listed = new Map(this.#manifest.files.map((file) => [file.path, file]));
    const order: string[] = [];
    for (const member of this.#tar.members) {
      if ([MANIFEST, MANIFEST_SIGNATURE, MANIFEST_HASH].includes(member.path)) continue;
      order.push(member.path);
      this.#checkMember(member, listed.get(member.path));
      listed.delete(member.path);
    }
    for (const path of listed.keys()) this.#fileProblems.push(`${this.#named(path)} is missing`);
    this.#checkOrder(order);
    this.#endChains();
    return [
      {
        says: `all ${this.#manifest.files.length} files are as the manifest lists them`,
        problems: this.#fileProblems,
      },
      ...this.#chains.map(chainCheck),
      this.#coverageCheck(),
      this.#reportCheck(),
    ];
  }

  #endChains(): void {
    const last = this.#chains.map(() => 0n);
    for (const { path } of this.#manifest.files) {
      const place = parseBatchPath(path);
      if (place && place.sequence > (last[place.tap - 1] ?? place.sequence))
        last[place.tap - 1] = place.sequence;
    }
    this.#chains.forEach((chain, i) => {
      chain.end(last[i] ?? 0n);
    });
  }

  #checkMember(member: TarMember, listed: ManifestFile | undefined): void {
    const content = this.#tar.read(member);
    if (!listed) this.#fileProblems.push(`${this.#named(member.path)} is not in the manifest`);
    else if (listed.sha256 !== sha256(content)) {
      this.#fileProblems.push(`${this.#named(member.path)} was changed: its SHA-256 is not the manifest's`);
    }
    if (member.path === CAPTURE) this.#replay = openReplay(content);
    const place = parseBatchPath(member.path);
    if (place) this.#takeBatch(place.tap, place.sequence, content);
  }

  #takeBatch(tap: number, sequence: bigint, content: Buffer): void {
    const chain = this.#chains[tap - 1];
    if (!chain) return;
    let batch: Batch;
    try {
      batch = Batch.decode(content);
      if (typeof this.#replay !== 'string') this.#replay.feed(tap, batch);
    } catch {
      chain.unreadable(sequence);
      return;
    }
    if (batch.sequence === sequence) chain.add(batch, content);
    else
      chain.problems.push(`batch ${sequence} of ${chain.tap.name} says that it is batch ${batch.sequence}`);
    const told = coverageDocument({ id: chain.tap.tap, name: chain.tap.name }, batch.coverage);
    if (told) this.#coverage[tap - 1] = told;
  }

  /** The engine takes the batches in this order, so it is part of the evidence. */
  #checkOrder(order: readonly string[]): void {
    const present = new Set(order);
    const wanted = this.#manifest.files.map(({ path }) => path).filter((path) => present.has(path));
    const listed = new Set(wanted);
    const first = order.filter((path) => listed.has(path)).find((path, i) => path !== wanted[i]);
    if (first) this.#fileProblems.push(`${this.#named(first)} stands at another place than in the manifest`);
  }

  #coverageCheck(): Check {
    const stated = memberBytes(this.#tar, COVERAGE)?.toString();
    const holds = stated === canonicalJson(this.#coverage);
    const problem = `${COVERAGE} says something else than the last batches of the taps`;
    return { says: 'the coverage is what the batches say', problems: holds ? [] : [problem] };
  }

  #reportCheck(): Check {
    const { engine } = this.#manifest;
    const says = `the report follows from the evidence, byte for byte (engine ${ENGINE_VERSION})`;
    if (typeof this.#replay === 'string') return { says, problems: [this.#replay] };
    const stated = memberBytes(this.#tar, REPORT)?.toString();
    if (stated === undefined) return { says, problems: [`${REPORT} is missing`] };
    const problems = reportProblems(stated, this.#replay);
    if (problems.length === 0 || engine === ENGINE_VERSION) return { says, problems };
    const other = `made by engine ${engine}, and this is ${ENGINE_VERSION}: only a bothends with that engine can tell`;
    return { says, problems: [other, ...problems] };
  }

  /** A path, with the batch that it is of. */
  #named(path: string): string {
    const place = parseBatchPath(path);
    if (!place) return path;
    return `${path} (batch ${place.sequence} of ${this.#chains[place.tap - 1]?.tap.name ?? 'no tap'})`;
  }
}

function reportProblems(stated: string, replay: Replay): string[] {
  let computed: string;
  try {
    computed = replay.report();
  } catch (error) {
    return [`the engine cannot run on what is here: ${toBothendsError(error).message}`];
  }
  return reportDifferences(stated, computed);
}

function openReplay(content: Buffer): Replay | string {
  try {
    return replayOf(parseDocument(content.toString()));
  } catch (error) {
    return toBothendsError(error).message;
  }
}

function chainCheck({ tap, batches, unlinked, problems }: ChainCheck): Check {
  const count = `${batches} ${batches === 1 ? 'batch' : 'batches'} of ${tap.name}`;
  if (!tap.signer) return { says: `${count}: none is missing (unsigned: ${tap.unsigned})`, problems };
  const links =
    unlinked === 0 ? 'in one chain' : `in ${unlinked + 1} chains, because the agent restarted or lost some`;
  return {
    says: `${count}: signed by ${tap.signer.name}, key ${tap.signer.fingerprint}, ${links}`,
    problems,
  };
}
