import { createHash, type KeyObject, sign } from 'node:crypto';
import { canonicalJson, formatInstant } from '@bothends/proto';
import { publicKeyDer } from '@bothends/proto/evidence/keys';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { ENGINE_VERSION } from '../engine/version.js';
import { type CoverageDocument, coverageDocument } from './coverage-document.js';
import type { CaptureDocument } from './document.js';
import {
  BUNDLE_SCHEMA,
  batchPath,
  CAPTURE,
  COVERAGE,
  MANIFEST,
  MANIFEST_HASH,
  MANIFEST_SIGNATURE,
  type Manifest,
  type ManifestFile,
  type ManifestTap,
  REPORT,
  type Signer,
} from './manifest.js';
import { signerOf } from './signer.js';
import { TAR_END, tarEntry } from './tar.js';

const NS_PER_S = 1_000_000_000n;

export interface BundleInput {
  document: CaptureDocument;
  madeBy: Manifest['madeBy'];
  /** When the bundle is made, epoch ns. */
  nowNs: bigint;
  /** Version of the program that makes it. */
  version: string;
  pseudonymised: boolean;
  /** Who signed the batches of a tap, or why nobody did. */
  signers: readonly [Signer | string, Signer | string];
  notes: readonly string[];
  /** Signs the manifest in this name; null: nobody does. */
  signs: { name: string; key: KeyObject } | null;
}

/**
 * Makes the bytes of a bundle piece by piece: `head`, each batch in the order in which the engine is to take them,
 * `tail`. Holds hashes only, never evidence.
 */
export class BundleWriter {
  readonly #input: BundleInput;
  readonly #files: ManifestFile[] = [];
  readonly #taps: [ManifestTap, ManifestTap];
  readonly #coverage: [CoverageDocument | null, CoverageDocument | null] = [null, null];

  constructor(input: BundleInput) {
    this.#input = input;
    this.#taps = [0, 1].map((i) => manifestTap(input, i)) as [ManifestTap, ManifestTap];
  }

  head(): Uint8Array {
    return this.#file(CAPTURE, canonicalJson(this.#input.document));
  }

  /** `tap` is 1 or 2. */
  batch(tap: number, batch: Batch): Uint8Array {
    const entry = this.#taps[tap - 1];
    if (entry) {
      entry.batches++;
      entry.packets += batch.count;
      const told = coverageDocument({ id: entry.tap, name: entry.name }, batch.coverage);
      if (told) this.#coverage[tap - 1] = told;
    }
    return this.#add(batchPath(tap, batch.sequence), Batch.encode(batch).finish());
  }

  /** Policies of the hosts by tap, 1 or 2, as JSON text. */
  policy(tap: number, json: string): Uint8Array {
    return this.#file(`policies/tap-${tap}.json`, json);
  }

  /** Everything after the evidence. */
  tail(reportJson: string): Uint8Array {
    const coverage = this.#file(COVERAGE, canonicalJson(this.#coverage));
    const report = this.#file(REPORT, reportJson);
    const manifest = Buffer.from(canonicalJson(this.#manifest()));
    const { signs } = this.#input;
    const voucher = signs
      ? this.#entry(MANIFEST_SIGNATURE, sign(null, manifest, signs.key))
      : this.#entry(MANIFEST_HASH, Buffer.from(`${sha256(manifest)}\n`));
    return Buffer.concat([coverage, report, this.#entry(MANIFEST, manifest), voucher, TAR_END]);
  }

  #manifest(): Manifest {
    const { madeBy, nowNs, version, document, pseudonymised, notes, signs } = this.#input;
    return {
      schema: BUNDLE_SCHEMA,
      madeBy,
      madeAt: formatInstant(nowNs),
      bothends: version,
      engine: ENGINE_VERSION,
      capture: { id: document.id, name: document.name },
      pseudonymised,
      taps: this.#taps,
      notes: [...notes],
      signer: signs && signerOf(signs.name, publicKeyDer(signs.key)),
      files: this.#files,
    };
  }

  #file(path: string, text: string): Uint8Array {
    return this.#add(path, Buffer.from(text));
  }

  #add(path: string, content: Uint8Array): Uint8Array {
    this.#files.push({ path, size: content.length, sha256: sha256(content) });
    return this.#entry(path, content);
  }

  #entry(path: string, content: Uint8Array): Uint8Array {
    return tarEntry(path, content, Number(this.#input.nowNs / NS_PER_S));
  }
}

/** In hex. */
export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function manifestTap({ document, signers }: BundleInput, index: number): ManifestTap {
  const tap = document.taps[index];
  const signer = signers[index] ?? 'there is no such tap';
  return {
    folder: `evidence/tap-${index + 1}`,
    tap: tap?.id ?? '',
    name: tap?.name ?? '',
    batches: 0,
    packets: 0,
    signer: typeof signer === 'string' ? null : signer,
    unsigned: typeof signer === 'string' ? signer : null,
  };
}
