import { BothendsError, type Instant } from '@bothends/proto';

export const BUNDLE_SCHEMA = 'bothends.bundle.v1';

/** Paths of the members of a bundle that there is one of. */
export const MANIFEST = 'manifest.json';
export const MANIFEST_SIGNATURE = 'manifest.sig';
/** SHA-256 of the manifest in hex, where nobody signs it. */
export const MANIFEST_HASH = 'manifest.sha256';
export const CAPTURE = 'capture.json';
export const COVERAGE = 'coverage.json';
export const REPORT = 'report.json';

/** Who signed, and with what. */
export interface Signer {
  name: string;
  /** Ed25519; DER (SubjectPublicKeyInfo) in base64. */
  publicKey: string;
  /** `sha256:` and 64 hex digits over the DER. */
  fingerprint: string;
}

export interface ManifestTap {
  /** Folder of its batches, `evidence/tap-1`. */
  folder: string;
  /** Id that its batches carry. */
  tap: string;
  /** Its name in the report. */
  name: string;
  batches: number;
  packets: number;
  /** Who signed each of its batches; null: nobody did. */
  signer: Signer | null;
  /** Why nobody did. */
  unsigned: string | null;
}

export interface ManifestFile {
  path: string;
  size: number;
  /** Hex. */
  sha256: string;
}

/** What a bundle holds and who vouches for it. */
export interface Manifest {
  schema: typeof BUNDLE_SCHEMA;
  madeBy: 'coordinator' | 'analyze';
  madeAt: Instant;
  bothends: string;
  engine: string;
  capture: { id: string; name: string };
  pseudonymised: boolean;
  taps: ManifestTap[];
  /** What a reader should know, such as what was dropped. */
  notes: string[];
  /** Who signed this manifest; null: nobody did. */
  signer: Signer | null;
  /** Every other member, but for what vouches for the manifest itself, in the order of the tar. */
  files: ManifestFile[];
}

/** Path of one batch; `tap` is 1 or 2. Eight digits keep `ls` in order up to a year of batches. */
export function batchPath(tap: number, sequence: bigint): string {
  return `evidence/tap-${tap}/${sequence.toString().padStart(8, '0')}.batch`;
}

/** Which batch a path is of; null when it is none. */
export function parseBatchPath(path: string): { tap: number; sequence: bigint } | null {
  const match = /^evidence\/tap-([12])\/(\d{8,19})\.batch$/.exec(path);
  return match ? { tap: Number(match[1]), sequence: BigInt(match[2] ?? 0) } : null;
}

/** Reads a manifest. Throws `data-loss` for what is no manifest of this schema. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BothendsError('data-loss', `${MANIFEST} is damaged: it is not JSON`, { cause });
  }
  if (isManifest(value)) return value;
  const schema = (value as Partial<Manifest> | null)?.schema;
  const what = schema === BUNDLE_SCHEMA ? 'fields are missing or wrong' : `its schema is ${String(schema)}`;
  throw new BothendsError('data-loss', `${MANIFEST} is none of ${BUNDLE_SCHEMA}: ${what}`);
}

function isManifest(value: unknown): value is Manifest {
  const m = value as Manifest | null;
  return (
    m?.schema === BUNDLE_SCHEMA &&
    [m.madeBy, m.madeAt, m.bothends, m.engine, m.capture?.id, m.capture?.name].every(isText) &&
    isListOf(m.taps, isTap) &&
    isListOf(m.notes, isText) &&
    isListOf(m.files, isFile) &&
    isSigner(m.signer)
  );
}

function isTap(tap: ManifestTap): boolean {
  return (
    [tap.folder, tap.tap, tap.name].every(isText) && Number.isInteger(tap.batches) && isSigner(tap.signer)
  );
}

function isFile(file: ManifestFile): boolean {
  return isText(file.path) && Number.isInteger(file.size) && isText(file.sha256);
}

function isSigner(signer: Signer | null): boolean {
  return signer === null || [signer?.name, signer?.publicKey, signer?.fingerprint].every(isText);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isListOf<T>(value: unknown, is: (item: T) => boolean): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => typeof item !== 'object' || item !== null) &&
    value.every(is)
  );
}
