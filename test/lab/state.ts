import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a lab leaves on the machine, written down before it exists, so that a crash leaves nothing unknown. */
export interface LabState {
  id: string;
  /** The process that the lab belongs to; null for one that a person keeps (`npm run lab -- up`). */
  owner: ProcessIdentity | null;
  namespaces: string[];
}

/** A process id alone may belong to somebody else by now; with its start time it cannot. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot, field 22 of proc(5) `stat`. */
  startTicks: number;
}

/** Gone after a reboot, as network namespaces are. */
const STATE_FOLDER = '/run/bothends-lab';

export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) ?? 0 };
}

/** Writes whole or not at all. */
export function saveState(state: LabState): void {
  mkdirSync(STATE_FOLDER, { recursive: true });
  const path = join(STATE_FOLDER, `${state.id}.json`);
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(state));
  renameSync(`${path}.${process.pid}`, path);
}

/** Every lab on this machine, whoever it belongs to. */
export function listStates(): LabState[] {
  let names: string[];
  try {
    names = readdirSync(STATE_FOLDER);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readState(join(STATE_FOLDER, name)));
}

/** Removes what labs of dead processes left behind. Returns their ids. */
export function removeLeftovers(): string[] {
  const dead = listStates().filter(({ owner }) => owner && startTicksOf(owner.pid) !== owner.startTicks);
  for (const state of dead) removeLab(state);
  return dead.map(({ id }) => id);
}

/**
 * Ends every process in the lab's namespaces, then removes them and the state file. Synchronous, so that it also
 * works while the process exits; what is gone already is no error.
 */
export function removeLab(state: LabState): void {
  for (const namespace of state.namespaces) {
    for (const pid of quietly('ip', 'netns', 'pids', namespace).split('\n').filter(Boolean)) {
      endProcess(Number(pid));
    }
    quietly('ip', 'netns', 'del', namespace);
  }
  rmSync(join(STATE_FOLDER, `${state.id}.json`), { force: true });
}

function readState(path: string): LabState[] {
  try {
    return [JSON.parse(readFileSync(path, 'utf8')) as LabState];
  } catch {
    // Removed by its owner since we listed the folder.
    return [];
  }
}

function startTicksOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in parentheses, may hold blanks: count from behind it, where field 3 begins.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[22 - 3]);
  } catch {
    return null;
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function quietly(file: string, ...args: string[]): string {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
