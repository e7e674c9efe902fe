import { type Finding, toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import type { Analysis, Analyst, News } from '../analysis/analysis.js';
import type { Capture } from '../captures/capture.js';

/** Told once of every finding of a live capture, and again when its grade or code changed. */
export type FindingListener = (capture: Capture, finding: Finding, isNew: boolean) => void;

/** Gaps in a tap's coverage, as its last batch told. */
export type GapListener = (capture: Capture, role: string, gaps: number) => void;

/** Packets of a tap that are of more flows than are followed, so far. */
export type UntrackedListener = (capture: Capture, role: string, packets: number) => void;

/** Findings of one capture that are followed: beyond that they are the same fault over and over. */
const FOLLOWED = 10_000;

export interface FeedListeners {
  finding: FindingListener;
  gaps: GapListener;
  untracked: UntrackedListener;
}

/** An analyst whose live analyses tell on the way what they find. */
export function watchedAnalyst(analyst: Analyst, listeners: FeedListeners, logger: Logger): Analyst {
  return {
    analyse: (capture) => watched(analyst.analyse(capture), capture, listeners, logger),
    analyseFlow: (capture, flowId) => analyst.analyseFlow(capture, flowId),
    close: () => analyst.close(),
  };
}

function watched(analysis: Analysis, capture: Capture, listeners: FeedListeners, logger: Logger): Analysis {
  const known = new Known();
  return {
    ...analysis,
    feed: async (evidence) => {
      for (const { role, batch } of evidence) {
        if (batch.coverage !== undefined) listeners.gaps(capture, role, batch.coverage.gaps.length);
      }
      return await analysis.feed(evidence);
    },
    news: async () => {
      const news = await analysis.news();
      for (const { role, untracked } of news?.crowded ?? []) listeners.untracked(capture, role, untracked);
      try {
        for (const { finding, isNew } of known.changes(news)) listeners.finding(capture, finding, isNew);
      } catch (error) {
        // Whoever listens must not stop the capture.
        logger.error(
          { capture: capture.id, reason: toBothendsError(error).message },
          'finding not passed on',
        );
      }
      return news;
    },
  };
}

/** What has been told of one capture. */
class Known {
  /** The findings told last, so that equal ones are not even parsed. */
  #last: ReadonlySet<string> = new Set();
  /** What was said of each finding: its code and grade, by its id. */
  readonly #said = new Map<string, string>();

  *changes(news: News | null): Generator<{ finding: Finding; isNew: boolean }> {
    if (news === null) return;
    const last = this.#last;
    this.#last = new Set(news.findings.slice(0, FOLLOWED));
    for (const json of this.#last) {
      if (last.has(json)) continue;
      const finding = JSON.parse(json) as Finding;
      const said = `${finding.code} ${finding.grade}`;
      const before = this.#said.get(finding.id);
      if (before === said) continue;
      this.#said.set(finding.id, said);
      yield { finding, isNew: before === undefined };
    }
  }
}
