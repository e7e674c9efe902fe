import type { KeyObject } from 'node:crypto';
import type { Analyst } from '../analysis/analysis.js';
import { evidenceOf } from '../analysis/refeed.js';
import type { Capture, Tap } from '../captures/capture.js';
import type { Store } from '../store/store.js';
import { documentOf } from './document.js';
import type { Signer } from './manifest.js';
import { pseudonymBatch, pseudonymCapture } from './pseudonymise.js';
import type { Pseudonyms } from './pseudonyms.js';
import { signerOf } from './signer.js';
import { BundleWriter } from './writer.js';

export interface CaptureBundleInput {
  /** One that is over. */
  capture: Capture;
  store: Pick<Store, 'batches'>;
  analyst: Analyst;
  signingKey: KeyObject;
  nowNs: bigint;
  version: string;
  /** null: addresses stay as they are. */
  pseudonyms: Pseudonyms | null;
}

/** Name under which a coordinator signs. */
const COORDINATOR = 'coordinator';

/**
 * The bytes of a bundle of a capture, piece by piece. Its report is computed from just the evidence in it, in just
 * this order, so that whoever has the bundle can compute it again.
 */
export async function* captureBundle(input: CaptureBundleInput): AsyncGenerator<Uint8Array> {
  const { pseudonyms, store, analyst } = input;
  const original = input.capture;
  const capture = pseudonyms ? pseudonymCapture(original, pseudonyms) : original;
  const writer = writerOf(input, capture);
  const analysis = analyst.analyse(capture);
  try {
    yield writer.head();
    for await (const { tap, batch } of evidenceOf(original, store)) {
      const kept = pseudonyms ? pseudonymBatch(batch, pseudonyms) : batch;
      await analysis.feed([{ role: tap.role, batch: kept }]);
      yield writer.batch(original.taps.indexOf(tap) + 1, kept);
    }
    for (const [i, { policyJson }] of capture.taps.entries()) {
      // A policy names networks and filters of its host, and none of it is evidence.
      if (policyJson !== undefined && pseudonyms === null) yield writer.policy(i + 1, policyJson);
    }
    await analysis.finish(capture);
    yield writer.tail((await analysis.report()).json);
  } finally {
    analysis.close();
  }
}

function writerOf(
  { nowNs, version, signingKey, pseudonyms }: CaptureBundleInput,
  capture: Capture,
): BundleWriter {
  const [client, server] = capture.taps.map((tap) => tapSigner(tap, pseudonyms !== null));
  return new BundleWriter({
    document: documentOf(capture),
    madeBy: 'coordinator',
    nowNs,
    version,
    pseudonymised: pseudonyms !== null,
    signers: [client ?? '', server ?? ''],
    notes: pseudonyms === null ? [] : PSEUDONYM_NOTES,
    signs: { name: COORDINATOR, key: signingKey },
  });
}

const PSEUDONYM_NOTES = [
  'Addresses are replaced consistently, common prefixes kept; the key was not stored.',
  'The signatures of the agents and their chains were dropped, because they hold for the original addresses only: ' +
    'the coordinator alone vouches for this evidence.',
  'The policies of the hosts were left out.',
];

function tapSigner({ agent, signingKey }: Tap, pseudonymised: boolean): Signer | string {
  if (pseudonymised) return 'the signatures of the agent were dropped with the addresses';
  if (signingKey === undefined) return `the agent of ${agent} signed nothing: it is of an earlier version`;
  return signerOf(agent, Buffer.from(signingKey, 'base64'));
}
