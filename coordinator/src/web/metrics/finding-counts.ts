import { type Finding, VERDICT_CODES } from '@bothends/proto';
import type { Capture } from '../../captures/capture.js';

/** What the analyses told since this process began. */
export class FindingCounts {
  readonly #findings = new Map<string, number>();
  readonly #gaps = new Map<string, number>();
  readonly #untracked = new Map<string, number>();

  constructor() {
    // From zero, so that Prometheus sees the step to the first one.
    for (const code of VERDICT_CODES) this.#findings.set(code, 0);
  }

  /** A finding counts once, under the code that it had first. */
  finding({ code }: Finding, isNew: boolean): void {
    if (isNew) this.#findings.set(code, (this.#findings.get(code) ?? 0) + 1);
  }

  gaps(capture: Capture, role: string, gaps: number): void {
    this.#gaps.set(`${capture.id}-${role}`, gaps);
  }

  untracked(capture: Capture, role: string, packets: number): void {
    this.#untracked.set(`${capture.id}-${role}`, packets);
  }

  byCode(): ReadonlyMap<string, number> {
    return this.#findings;
  }

  untrackedOf(tapId: string): number {
    return this.#untracked.get(tapId) ?? 0;
  }

  gapsOf(tapId: string): number {
    return this.#gaps.get(tapId) ?? 0;
  }
}
