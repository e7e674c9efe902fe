import { BothendsError, NS_PER_MS } from '@bothends/proto';
import type { TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Spool } from '../../spool/spool.js';
import type { TapEnvironment } from '../environment.js';
import { type OpenCapture, openCapture } from '../open-capture.js';
import { lastCoverage } from './batches.js';
import { CoverageLedger } from './coverage.js';
import { limitsOf } from './limits.js';
import type { Limits } from './recording.js';
import type { ResumePoint } from './resume-file.js';

/** What a tap goes on with after its agent was killed. */
export interface Resumption {
  readonly open: OpenCapture;
  /** What was vouched for so far, with a gap since. */
  readonly ledger: CoverageLedger;
  /** What is left of its limits, and of its time. */
  readonly limits: Limits;
  readonly leftMs: number;
}

/**
 * Opens the capture of a tap anew, under the policy of today.
 * @param saved the state of the tap as it was told last
 * @param spool what it has taken
 * @throws BothendsError `failed-precondition` where it has ended or its time is over; all that openCapture throws
 */
export async function resumption(
  point: ResumePoint,
  saved: TapState,
  spool: Spool,
  env: TapEnvironment,
): Promise<Resumption> {
  const { clock, host, policy } = env;
  const last = lastCoverage(spool) ?? saved.coverage;
  if (last === undefined || last.closedNs !== 0n) throw cannotGoOn('it had ended');
  if (point.bootId !== host.bootId) throw cannotGoOn('its host was started again');
  const leftMs = Number((point.endsNs - clock.monotonicNs()) / BigInt(NS_PER_MS));
  if (leftMs <= 0) throw cannotGoOn('its time was over');
  const limits = limitsOf(point.arm, policy(), Number(last.packets) - point.packetsBefore);
  if (limits.packets <= 0 || limits.bytes <= 0) throw cannotGoOn('it had taken all that it was allowed');
  const open = await openCapture(point.arm, point.digestKey, env);
  const ledger = CoverageLedger.resumed(last, open.head, open.surroundings, clock.wallMinusMonotonicNs());
  return { open, ledger, limits, leftMs };
}

function cannotGoOn(why: string): BothendsError {
  return new BothendsError('failed-precondition', why);
}
