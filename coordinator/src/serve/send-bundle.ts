import { type KeyObject, randomBytes } from 'node:crypto';
import { BothendsError } from '@bothends/proto';
import type { ExportBundleRequest, ExportBundleResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import { captureBundle } from '../bundle/capture-bundle.js';
import { PSEUDONYM_KEY_BYTES, Pseudonyms } from '../bundle/pseudonyms.js';
import { isOver } from '../captures/capture.js';
import type { Clock } from '../time.js';
import { type ReportSources, requireEvidence } from './reports.js';
import type { Send } from './server-stream.js';

export interface BundleSources extends ReportSources {
  clock: Clock;
  /** Signs manifests. */
  signingKey: KeyObject;
  /** Of the coordinator. */
  version: string;
}

/** Bytes in one message: large enough to cost little each, far below the message limit. */
const MESSAGE_BYTES = 256 * 1024;

/**
 * Sends the bundle of a capture.
 * @throws BothendsError `not-found`, `failed-precondition` while it runs or when it never recorded
 */
export async function sendBundle(
  { captureId, pseudonymise }: ExportBundleRequest,
  { captures, store, analyst, clock, signingKey, version }: BundleSources,
  send: Send<ExportBundleResponse>,
): Promise<void> {
  const capture = captures.get(captureId);
  requireEvidence(capture);
  if (!isOver(capture.phase)) {
    const { id, phase } = capture;
    throw new BothendsError(
      'failed-precondition',
      `${id} is still ${phase.state}: "bothends stop ${id}" first, or export it when it is over`,
    );
  }
  // Never stored: nobody, the coordinator included, can lead the pseudonyms back.
  const pseudonyms = pseudonymise ? new Pseudonyms(randomBytes(PSEUDONYM_KEY_BYTES)) : null;
  const pieces = captureBundle({
    capture,
    store,
    analyst,
    signingKey,
    version,
    pseudonyms,
    nowNs: clock.nowNs(),
  });
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length; from += MESSAGE_BYTES) {
      await send({ data: Buffer.from(piece.subarray(from, from + MESSAGE_BYTES)) });
    }
  }
}
