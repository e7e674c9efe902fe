import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, toBothendsError } from '@bothends/proto';
import type { Arm, Stop, TapProgress, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Command } from '../../uplink/session.js';
import type { TapEnvironment } from '../environment.js';
import { LiveTap } from './live-tap.js';
import type { OwnedTap } from './owned-tap.js';
import { loadResumePoint, removeResumePoint } from './resume-file.js';
import { ShelvedTap } from './shelved-tap.js';
import { loadTapFile } from './tap-file.js';
import { isTapId } from './tap-id.js';

export interface TapsOptions extends Omit<TapEnvironment, 'changed' | 'directoryOf'> {
  /** Directory with one directory for each tap. */
  readonly directory: string;
  /** A tap is in another state, and still owned. */
  readonly report: (state: TapState) => void;
  /** Whether what taps have can be shipped now. */
  readonly connected: () => boolean;
}

/** All taps of an agent: those that run, and those of an earlier run that are not yet shipped. */
export class Taps {
  readonly #options: TapsOptions;
  readonly #environment: TapEnvironment;
  readonly #taps = new Map<string, OwnedTap>();
  /** State last reported of each, so that only changes are reported. */
  readonly #told = new Map<string, string>();
  #ending = false;
  #idle: () => void = () => {};

  constructor(options: TapsOptions) {
    this.#options = options;
    this.#environment = {
      ...options,
      directoryOf: (tapId) => join(options.directory, tapId),
      changed: (tap) => this.#changed(tap),
    };
  }

  /**
   * Takes up what an earlier run left: taps that were recording continue, the others deliver the rest. A
   * directory that cannot be read is set aside, not deleted.
   */
  async restore(): Promise<void> {
    const { directory, logger } = this.#options;
    if (!existsSync(directory)) return;
    for (const entry of readdirSync(directory).filter(isTapId)) {
      const path = join(directory, entry);
      try {
        const tap = await this.#restoreOne(path);
        if (tap) this.#taps.set(tap.tapId, tap);
      } catch (error) {
        logger.error(
          { tap: entry, reason: toBothendsError(error).message },
          `spool put aside as ${path}.damaged`,
        );
        renameSync(path, `${path}.damaged`);
      }
    }
  }

  async #restoreOne(directory: string): Promise<OwnedTap | null> {
    const { policy, name, clock, logger, raw } = this.#options;
    const spoolBytes = policy().maxSpoolBytes;
    const saved = loadTapFile(directory);
    const point = saved.state === 'recording' ? loadResumePoint(directory) : null;
    let why = 'it was about to stop';
    if (point !== null) {
      try {
        const tap = await LiveTap.resume(point, saved, this.#environment);
        logger.warn({ tap: saved.tapId }, 'tap goes on after the agent went down; the time between is a gap');
        return tap;
      } catch (error) {
        why = toBothendsError(error).message;
        logger.warn({ tap: saved.tapId, reason: why }, 'tap does not go on');
      }
    }
    removeResumePoint(directory);
    const changed = (tap: OwnedTap) => this.#changed(tap);
    const discarded = () => raw.forget(saved.tapId, 'its capture was thrown away');
    return ShelvedTap.restore({
      directory,
      spoolBytes,
      name,
      nowNs: clock.wallNs(),
      why,
      changed,
      discarded,
    });
  }

  command(command: Command): void {
    switch (command.$case) {
      case 'arm':
        this.#arm(command.value);
        break;
      case 'start':
        this.#taps.get(command.value.tapId)?.start();
        break;
      case 'stop':
        this.#stop(command.value);
        break;
    }
  }

  ids(): string[] {
    return [...this.#taps.keys()];
  }

  all(): Iterable<OwnedTap> {
    return this.#taps.values();
  }

  states(): TapState[] {
    return [...this.#taps.values()].map((tap) => tap.state());
  }

  progress(): TapProgress[] {
    return [...this.#taps.values()].map((tap) => tap.progress());
  }

  get spoolBytes(): number {
    return [...this.#taps.values()].reduce((sum, tap) => sum + tap.spoolBytes, 0);
  }

  clockStepped(oldNs: bigint, newNs: bigint): void {
    for (const tap of this.#taps.values()) tap.clockStepped(oldNs, newNs);
  }

  /** Ends what records, keeps what it took, and says in its coverage which ceiling it was. */
  endAll(ceiling: string): void {
    for (const tap of this.#taps.values()) {
      if (tap.ended) continue;
      this.#options.logger.warn({ tap: tap.tapId }, `tap ends: ${ceiling}`);
      tap.drain(ceiling);
    }
  }

  /** Takes no more captures, ends all recording at once and waits, at most `ms`, until everything is committed; the rest stays on disk. */
  async drain(ms: number): Promise<void> {
    this.#ending = true;
    for (const tap of this.#taps.values()) tap.stop(0, false);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      timer = setTimeout(resolve, ms);
      this.#checkIdle();
    });
    clearTimeout(timer);
    for (const tap of this.#taps.values()) tap.close();
  }

  #arm(arm: Arm): void {
    const { tapId } = arm;
    const known = this.#taps.get(tapId);
    if (known) {
      // The coordinator asks again after a reconnect: it wants to know where the tap is.
      this.#options.report(known.state());
    } else if (this.#ending) {
      this.#decline(
        tapId,
        'unavailable',
        `the agent of ${this.#options.name} is about to end: start it again`,
      );
    } else if (!isTapId(tapId)) {
      const shown = JSON.stringify(tapId.slice(0, 80));
      this.#decline(
        tapId,
        'invalid-argument',
        `the tap id ${shown} is not 1 to 64 letters, digits, "-" and "_"`,
      );
    } else {
      this.#taps.set(tapId, LiveTap.arm(arm, this.#environment));
    }
  }

  #stop({ tapId, leadOutMs, discard }: Stop): void {
    const tap = this.#taps.get(tapId);
    tap?.stop(leadOutMs, discard);
    // Its capture was deleted after all of it was shipped: what was kept of it goes, too.
    if (!tap && discard && isTapId(tapId)) this.#options.raw.forget(tapId, 'its capture was deleted');
  }

  #decline(tapId: string, code: ErrorCode, reason: string): void {
    this.#options.report({ tapId, state: 'failed', code, reason, markerNs: 0n, coverage: undefined });
  }

  #changed(tap: OwnedTap): void {
    const state = tap.state();
    if (state.state !== 'arming' && this.#told.get(tap.tapId) !== state.state) {
      this.#told.set(tap.tapId, state.state);
      const level = state.state === 'failed' || state.state === 'refused' ? 'warn' : 'info';
      const { tapId, reason } = state;
      this.#options.logger[level]({ tap: tapId, reason: reason || undefined }, `tap is ${state.state}`);
      this.#options.report(state);
    }
    if (tap.done) {
      this.#taps.delete(tap.tapId);
      this.#told.delete(tap.tapId);
      tap.destroy();
    }
    this.#checkIdle();
  }

  #checkIdle(): void {
    // Without a link nothing more can be committed: what is left waits on disk for the next run.
    const waiting = (tap: OwnedTap) => !tap.done && (!tap.ended || this.#options.connected());
    if (![...this.#taps.values()].some(waiting)) this.#idle();
  }
}
