import { describe } from 'vitest';
import { labAvailable } from './available.js';

declare module 'vitest' {
  interface TaskMeta {
    /** The suite needs a lab. */
    lab?: true;
    /** Why its tests do not run here. */
    skipReason?: string;
  }
}

/** Network namespaces, real stacks and their timers: far more than a unit test, far less than forever. */
const LAB_TIMEOUT_MS = 240_000;

/**
 * A suite that needs a lab. Where none can be built its tests are skipped aloud; the summary fails the run when that
 * happens on a machine that allows labs.
 */
export function describeLab(name: string, body: () => void): void {
  const { ok, why } = labAvailable();
  const meta = ok ? { lab: true as const } : { lab: true as const, skipReason: why };
  describe(name, { skip: !ok, meta, timeout: LAB_TIMEOUT_MS }, body);
}
