import { BothendsError } from '@bothends/proto';
import type { TapProgress } from '@bothends/proto/gen/bothends/v1/agent';
import type { LiveCapture } from '../ingest/live-capture.js';
import type { Capture, Tap } from './capture.js';
import { findCapture } from './ids.js';

/** What a watcher is told: the capture changed, or its findings did. */
export interface CaptureWatcher {
  changed(): void;
  /** All of them, each as JSON. */
  findings(findings: readonly string[]): void;
}

/** One capture with what only this process knows of it. */
export interface Entry {
  capture: Capture;
  /** Its analysis, from "recording" until its report is stored. */
  live: LiveCapture | null;
  /** What watchers were told last of its findings, each as JSON. */
  findings: readonly string[];
  /** Agents of which the log was told that their taps saw more flows than are followed. */
  readonly crowded: Set<string>;
  /** What each tap's agent counted last, by tap id. */
  progress: Map<string, TapProgress>;
  watchers: Set<CaptureWatcher>;
  cancelDeadline: (() => void) | null;
  /** Saves and commands run one after the other, in the order of the steps that caused them. */
  work: Promise<void>;
  /** Resolves when the last step is on disk; its commands may still be under way. */
  saved: Promise<void>;
  /** 16 bytes, the same for all taps; dropped once they are armed, never stored. */
  digestKey: Buffer | null;
}

/** All captures that are known, by id, name and tap. */
export class CaptureBook {
  readonly #entries = new Map<string, Entry>();
  readonly #taps = new Map<string, Entry>();

  add(capture: Capture): Entry {
    const entry: Entry = {
      capture,
      live: null,
      findings: [],
      crowded: new Set(),
      progress: new Map(),
      watchers: new Set(),
      cancelDeadline: null,
      work: Promise.resolve(),
      saved: Promise.resolve(),
      digestKey: null,
    };
    this.#entries.set(capture.id, entry);
    for (const tap of capture.taps) this.#taps.set(tap.id, entry);
    return entry;
  }

  remove({ capture }: Entry): void {
    this.#entries.delete(capture.id);
    for (const tap of capture.taps) this.#taps.delete(tap.id);
  }

  entries(): Entry[] {
    return [...this.#entries.values()];
  }

  captures(): Capture[] {
    return this.entries().map(({ capture }) => capture);
  }

  /** @throws BothendsError `not-found` with the nearest names */
  find(idOrName: string): Entry {
    const { id } = findCapture(idOrName, this.captures());
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new BothendsError('internal', `capture ${id} is listed but not known`);
    return entry;
  }

  findTap(tapId: string): { entry: Entry; tap: Tap } | null {
    const entry = this.#taps.get(tapId);
    const tap = entry?.capture.taps.find(({ id }) => id === tapId);
    return entry === undefined || tap === undefined ? null : { entry, tap };
  }
}

/** Tells everybody who watches a capture that it changed. */
export function notify({ watchers }: Entry): void {
  for (const watcher of watchers) watcher.changed();
}
