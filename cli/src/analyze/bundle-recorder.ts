import { randomBytes } from 'node:crypto';
import type { EngineOptions, TapCoverage } from '@bothends/coordinator';
import {
  BundleWriter,
  CAPTURE_SCHEMA,
  FileBatches,
  PSEUDONYM_KEY_BYTES,
  Pseudonyms,
  pseudonymText,
} from '@bothends/coordinator/bundle';
import type { PacketTable } from '@bothends/proto';
import { nsOf } from '@bothends/proto';
import type { NewFile } from '../export/new-file.js';
import { version } from '../version.js';
import type { Recorder } from './pump.js';

export interface RecorderInput {
  out: NewFile;
  options: EngineOptions;
  /** Names of the two taps. */
  names: readonly [string, string];
  pseudonymise: boolean;
  /** Epoch ms. */
  nowMs: number;
}

const TAP_IDS = ['tap-1', 'tap-2'] as const;

/** Writes what an analysis of two files is given as an evidence bundle. */
export class BundleRecorder implements Recorder {
  readonly #out: NewFile;
  readonly #pseudonyms: Pseudonyms | null;
  readonly #writer: BundleWriter;
  readonly #batches = TAP_IDS.map((id) => new FileBatches(id));

  constructor({ out, options, names, pseudonymise, nowMs }: RecorderInput) {
    this.#out = out;
    // Never stored: nobody can lead the pseudonyms back.
    this.#pseudonyms = pseudonymise ? new Pseudonyms(randomBytes(PSEUDONYM_KEY_BYTES)) : null;
    const [first, second] = names.map((name) => this.name(name));
    this.#writer = new BundleWriter({
      document: {
        schema: CAPTURE_SCHEMA,
        source: 'files',
        id: options.captureId,
        name: options.captureName,
        port: options.port,
        vouchComplete: options.vouchComplete,
        taps: [first ?? '', second ?? ''].map((name, i) => ({ id: TAP_IDS[i as 0 | 1], name })),
      },
      madeBy: 'analyze',
      nowNs: nsOf(nowMs),
      version,
      pseudonymised: pseudonymise,
      signers: [UNSIGNED, UNSIGNED],
      notes: pseudonymise ? [FILES_NOTE, PSEUDONYM_NOTE] : [FILES_NOTE],
      signs: null,
    });
    out.write(this.#writer.head());
  }

  name(name: string): string {
    return this.#pseudonyms ? pseudonymText(name, this.#pseudonyms) : name;
  }

  table(file: 0 | 1, table: PacketTable): void {
    this.#pseudonyms?.table(table);
    const batch = this.#batches[file]?.batch(table);
    if (batch) this.#out.write(this.#writer.batch(file + 1, batch));
  }

  coverage(file: 0 | 1, coverage: TapCoverage): TapCoverage {
    const told = { ...coverage, filter: this.name(coverage.filter) };
    const batch = this.#batches[file]?.end(told);
    if (batch) this.#out.write(this.#writer.batch(file + 1, batch));
    return told;
  }

  finish(reportJson: string): void {
    this.#out.write(this.#writer.tail(reportJson));
  }
}

const UNSIGNED = 'it was read from a capture file, which no agent signed';

const FILES_NOTE =
  'The evidence was read from two capture files. No agent signed it and nobody signed this bundle: it proves that the ' +
  'report follows from the evidence, not where the evidence comes from.';

const PSEUDONYM_NOTE = 'Addresses are replaced consistently, common prefixes kept; the key was not stored.';
