import type { End, Ladder, PathHistory } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture } from '../captures/capture.js';
import type { EngineOptions } from '../engine/types.js';

/** What the evidence says so far, as far as a watcher is told. */
export interface News {
  headline: string;
  /** All findings, each as JSON of bothends.report.v1. */
  findings: readonly string[];
  /** One of them is a fault, not a mere note. */
  faulty: boolean;
  /** Taps that saw packets of more flows than are followed; absent when there are none. */
  crowded?: readonly Crowded[];
}

/** A tap that saw packets of more flows than are followed. */
export interface Crowded {
  role: End;
  /** Of its host, as reports call it. */
  name: string;
  /** Packets of the further flows. */
  untracked: number;
}

/** A report as it is stored and sent: canonical JSON, written where it was computed. */
export interface ReportText {
  json: string;
  headline: string;
}

/** One committed batch with the end at which it was taken. */
export interface Evidence {
  role: End;
  batch: Batch;
}

/**
 * The verdicts on one capture while its evidence comes in. Asynchronous, so that an engine can live on another
 * thread, and what crosses is text, which is cheap to move. Calls take effect in their order.
 */
export interface Analysis {
  /** Takes committed batches; those of a tap come in their order. Resolves true when one of them held a RST. */
  feed(evidence: readonly Evidence[]): Promise<boolean>;
  /** Nothing more will come of either tap. */
  finish(capture: Capture): Promise<void>;
  /** Null when there is nothing new since the last call. */
  news(): Promise<News | null>;
  report(): Promise<ReportText>;
  history(): Promise<PathHistory>;
  /** Lets go of all memory. No other call may follow. */
  close(): void;
}

/** An analysis that also collects the rows of one flow. */
export interface FlowAnalysis extends Analysis {
  /** @throws BothendsError `not-found` when the capture has no such flow */
  ladder(): Promise<Ladder>;
}

/** Where analyses are made. */
export interface Analyst {
  analyse(capture: Capture): Analysis;
  analyseFlow(capture: Capture, flowId: string): FlowAnalysis;
  close(): Promise<void>;
}

/** What the engine is told about a capture. The same capture always gives the same options. */
export function engineOptions(capture: Capture): EngineOptions {
  return {
    captureId: capture.id,
    captureName: capture.name,
    port: capture.request.port === 0 ? null : capture.request.port,
    vouchComplete: false,
  };
}
