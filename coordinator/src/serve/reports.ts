import { BothendsError, type Ladder, type PathHistory } from '@bothends/proto';
import type { ExportEvidenceResponse, GetFlowResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Analysis, Analyst } from '../analysis/analysis.js';
import { evidenceOf, refeed } from '../analysis/refeed.js';
import { type Capture, faultOf, isOver } from '../captures/capture.js';
import type { Captures } from '../captures/captures.js';
import type { Store } from '../store/store.js';
import type { Send } from './server-stream.js';

export interface ReportSources {
  captures: Captures;
  store: Store;
  analyst: Analyst;
}

/** Rows in one message of a ladder: some 300 bytes each, far below the message limit. */
const ROWS_PER_MESSAGE = 2000;

/**
 * The report of a capture as canonical JSON: as it stands if the capture is live, as it was stored if it is over.
 * @throws BothendsError `not-found`, `failed-precondition` when there is nothing to report on
 */
export async function reportJson(idOrName: string, sources: ReportSources): Promise<string> {
  const capture = sources.captures.get(idOrName);
  requireEvidence(capture);
  const live = await sources.captures.liveReport(capture.id);
  if (live !== null) return live;
  const stored = await sources.store.report(capture.id);
  if (stored !== null) return stored;
  const analysis = sources.analyst.analyse(capture);
  return await afterAll(analysis, capture, sources, async () => (await analysis.report()).json);
}

/**
 * What the path did over time: as it stands for a live capture, computed from the evidence for one that is over.
 * @throws BothendsError `not-found`, `failed-precondition` when there is nothing to report on
 */
export async function pathHistoryOf(idOrName: string, sources: ReportSources): Promise<PathHistory> {
  const capture = sources.captures.get(idOrName);
  requireEvidence(capture);
  const live = await sources.captures.liveHistory(capture.id);
  if (live !== null) return live;
  const analysis = sources.analyst.analyse(capture);
  return await afterAll(analysis, capture, sources, async () => await analysis.history());
}

/** Feeds an analysis with all evidence of a capture, asks it, and closes it. */
async function afterAll<T>(
  analysis: Analysis,
  capture: Capture,
  { store }: ReportSources,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    await refeed(analysis, capture, store);
    if (isOver(capture.phase)) await analysis.finish(capture);
    return await ask();
  } finally {
    analysis.close();
  }
}

/**
 * Sends one flow as a ladder, computed anew from the evidence. The first message is the ladder with its first rows,
 * each later one an object with more `rows`.
 * @throws BothendsError `not-found` for an unknown flow
 */
export async function sendFlow(
  idOrName: string,
  flowId: string,
  sources: ReportSources,
  send: Send<GetFlowResponse>,
): Promise<void> {
  const { rows, ...head } = await ladderOf(idOrName, flowId, sources);
  await send({ ladderJson: JSON.stringify({ ...head, rows: rows.slice(0, ROWS_PER_MESSAGE) }) });
  for (let from = ROWS_PER_MESSAGE; from < rows.length; from += ROWS_PER_MESSAGE) {
    await send({ ladderJson: JSON.stringify({ rows: rows.slice(from, from + ROWS_PER_MESSAGE) }) });
  }
}

/**
 * One flow as a ladder, computed anew from the evidence.
 * @throws BothendsError `not-found` for an unknown capture or flow
 */
export async function ladderOf(idOrName: string, flowId: string, sources: ReportSources): Promise<Ladder> {
  const capture = sources.captures.get(idOrName);
  requireEvidence(capture);
  const analysis = sources.analyst.analyseFlow(capture, flowId);
  return await afterAll(analysis, capture, sources, async () => await analysis.ladder());
}

/** Sends all batches of a capture as they were committed. @throws BothendsError `not-found` */
export async function sendEvidence(
  idOrName: string,
  { captures, store }: ReportSources,
  send: Send<ExportEvidenceResponse>,
): Promise<void> {
  for await (const { tap, batch } of evidenceOf(captures.get(idOrName), store)) {
    await send({ batch, agent: tap.agent, role: tap.role });
  }
}

/** @throws BothendsError `failed-precondition` when a capture has nothing to report on */
export function requireEvidence(capture: Capture): void {
  const { state } = capture.phase;
  if (state === 'failed') {
    const reason = faultOf(capture.phase)?.reason ?? '';
    throw new BothendsError(
      'failed-precondition',
      `${capture.id} never recorded, so there is no report: ${reason}`,
    );
  }
  if (state === 'requested' || state === 'asking' || state === 'arming' || state === 'armed') {
    throw new BothendsError(
      'failed-precondition',
      `${capture.id} is not recording yet (${state}): ask again in a moment`,
    );
  }
}
