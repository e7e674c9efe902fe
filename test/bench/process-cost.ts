import { readFileSync, writeFileSync } from 'node:fs';

/** The kernel counts CPU time in these, on every Linux (USER_HZ). */
const TICKS_PER_SECOND = 100;
/** Fields of /proc/PID/stat behind the program's name (proc(5)): time of its own, then of children it waited for. */
const USER_TIME = 11;
const CHILDREN_SYSTEM_TIME = 14;

/** CPU seconds of a process and of the children that it has waited for; 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  const stat = read(pid, 'stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(USER_TIME, CHILDREN_SYSTEM_TIME + 1).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND;
}

/** Largest resident set since `forgetPeak`, bytes. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** Makes `peakBytes` count anew. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** As the kernel names it, '' when the process is gone. */
export function programName(pid: number): string {
  return read(pid, 'comm').trim();
}

function statusBytes(pid: number, field: string): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(read(pid, 'status'))?.[1];
  return Number(kib) * 1024;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
