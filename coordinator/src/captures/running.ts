import type { Finding } from '@bothends/proto';
import type { TapProgress } from '@bothends/proto/gen/bothends/v1/agent';
import type { LiveCapture } from '../ingest/live-capture.js';
import type { Capture } from './capture.js';

/** What a watcher is told: the capture changed, or its findings did. */
export interface CaptureWatcher {
  changed(): void;
  findings(findings: readonly Finding[]): void;
}

/** One capture with what only this process knows of it. */
export interface Running {
  capture: Capture;
  live: LiveCapture | null;
  /** Findings of the last report while it was live. */
  findings: readonly Finding[];
  /** What each tap's agent counted last, by tap id. */
  progress: Map<string, TapProgress>;
  watchers: Set<CaptureWatcher>;
  cancelDeadline: (() => void) | null;
  /** Saves and commands run one after the other, in the order of the steps that caused them. */
  work: Promise<void>;
  /** 16 bytes, the same for all taps; dropped once they are armed, never stored. */
  digestKey: Buffer | null;
}

export function running(capture: Capture): Running {
  return {
    capture,
    live: null,
    findings: [],
    progress: new Map(),
    watchers: new Set(),
    cancelDeadline: null,
    work: Promise.resolve(),
    digestKey: null,
  };
}
