import { type LabState, removeLab } from './state.js';

/** Labs of this process that are up. Module state, because signals and exit belong to the process too. */
const up = new Map<string, LabState>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** From here on the lab goes when the process goes: by return, by throw or by signal. */
export function removeAtExit(state: LabState): void {
  if (up.size === 0) {
    process.on('exit', removeAll);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  up.set(state.id, state);
}

/** The lab is gone, or somebody else looks after it now. */
export function forget(state: LabState): void {
  up.delete(state.id);
  if (up.size > 0) return;
  process.off('exit', removeAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function removeAll(): void {
  for (const state of up.values()) removeLab(state);
  up.clear();
}

/** Cleans up, then lets the signal do what it does without us, so that our parent sees the true cause. */
function onSignal(signal: NodeJS.Signals): void {
  removeAll();
  for (const name of SIGNALS) process.off(name, onSignal);
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
