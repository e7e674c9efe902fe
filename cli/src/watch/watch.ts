import { setTimeout as sleep } from 'node:timers/promises';
import { BothendsError, type Finding } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Connection } from '../client/client.js';
import { printable } from '../render/layout.js';

/** A coordinator that restarts is back within seconds; after this the user has to look at it. */
const PATIENCE_MS = 60_000;
/** First and longest pause between two attempts. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** What a watcher hears while a capture runs. */
export interface WatchEvents {
  state(capture: CaptureState): void;
  /** A finding that is new or whose verdict changed. */
  finding(finding: Finding): void;
  /** The coordinator is gone; another attempt follows. */
  lost(error: BothendsError): void;
}

export interface WatchOptions {
  readonly now: () => number;
  readonly patienceMs?: number;
}

/**
 * Follows a capture to its end through restarts of the coordinator. Returns its last state. Throws
 * BothendsError `unavailable` when the coordinator stays away, and any other error of the stream as it is.
 */
export async function watchCapture(
  connection: Connection,
  captureId: string,
  events: WatchEvents,
  options: WatchOptions,
): Promise<CaptureState> {
  const told = new Map<string, string>();
  const patienceMs = options.patienceMs ?? PATIENCE_MS;
  let lostAt: number | null = null;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      for await (const message of connection.messages(connection.stub.watchCapture({ captureId }))) {
        lostAt = null;
        pause = FIRST_PAUSE_MS;
        if (message.capture) events.state(message.capture);
        for (const json of message.findingsJson) announce(json, told, events);
        if (message.capture && isOver(message.capture)) return message.capture;
      }
      throw new BothendsError('unavailable', `the coordinator at ${connection.address} ended the stream`);
    } catch (error) {
      if (!(error instanceof BothendsError)) throw error;
      if (connection.revive(error)) continue;
      if (error.code !== 'unavailable') throw error;
      if (lostAt === null) events.lost(error);
      lostAt ??= options.now();
      if (options.now() - lostAt >= patienceMs)
        throw gaveUp(connection.address, captureId, patienceMs, error);
    }
    await sleep(pause);
  }
}

/** True in a state that a capture does not leave. */
export function isOver(capture: CaptureState): boolean {
  return capture.state === 'complete' || capture.state === 'partial' || capture.state === 'failed';
}

/** Tells a finding once, and again only when its code or grade changes. */
function announce(json: string, told: Map<string, string>, events: WatchEvents): void {
  const finding = JSON.parse(json, (_key, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  ) as Finding;
  const verdict = `${finding.code} ${finding.grade}`;
  if (told.get(finding.id) === verdict) return;
  told.set(finding.id, verdict);
  events.finding(finding);
}

function gaveUp(address: string, captureId: string, patienceMs: number, cause: unknown): BothendsError {
  return new BothendsError(
    'unavailable',
    `the coordinator at ${address} has been away for ${Math.round(patienceMs / 1000)} s. The agents keep what they ` +
      `take and ship it when it is back; then \`bothends report ${captureId}\` prints the report`,
    { cause },
  );
}
