import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Availability {
  ok: boolean;
  /** Why not, and what to do; empty when ok. */
  why: string;
}

/** What the lab calls, with the Debian package that has it. */
const TOOLS: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  nft: 'nftables',
  ethtool: 'ethtool',
  sysctl: 'procps',
  tcpdump: 'tcpdump',
};

let machine: Availability | undefined;

/** True where the lab can run once its tools are installed: then a skipped lab test is a failure. */
export function labExpected(): boolean {
  return machineAllows().ok;
}

/** Whether labs can be built here, and if not, why. */
export function labAvailable(): Availability {
  const allowed = machineAllows();
  if (!allowed.ok) return allowed;
  const missing = Object.keys(TOOLS).filter((tool) => !onPath(tool));
  if (missing.length === 0) return allowed;
  const packages = [...new Set(missing.map((tool) => TOOLS[tool]))].join(' ');
  return { ok: false, why: `not installed: ${missing.join(', ')}; run: apt-get install -y ${packages}` };
}

/** Asked once per process: the answer does not change, and it costs a process. */
function machineAllows(): Availability {
  machine ??= probeMachine();
  return machine;
}

function probeMachine(): Availability {
  if (process.platform !== 'linux')
    return { ok: false, why: `network namespaces need Linux, this is ${process.platform}` };
  if (process.getuid?.() !== 0) return { ok: false, why: 'network namespaces need root' };
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  if (status === 0) return { ok: true, why: '' };
  return { ok: false, why: `this machine allows no network namespaces: ${error?.message ?? stderr.trim()}` };
}

function onPath(tool: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
