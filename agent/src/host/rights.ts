import { readFileSync, statSync } from 'node:fs';

/** Bit of CAP_NET_RAW in a capability set (capabilities(7)). */
const CAP_NET_RAW = 13n;

/** True with CAP_NET_RAW, false without, null where the system does not say. */
export function hasNetRaw(status: string = readText('/proc/self/status')): boolean | null {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined ? null : ((BigInt(`0x${effective}`) >> CAP_NET_RAW) & 1n) === 1n;
}

/** Inode of a process's network namespace, '' where it cannot be read. */
export function networkNamespace(process: string = 'self'): string {
  try {
    return String(statSync(`/proc/${process}/ns/net`).ino);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
