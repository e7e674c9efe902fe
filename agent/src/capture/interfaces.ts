import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';

/** Linux lists every interface here, also those that are down or have no address. */
const SYS_CLASS_NET = '/sys/class/net';
/** IFNAMSIZ of Linux less its NUL; libpcap's other platforms use longer names only for devices with a path. */
const MAX_NAME = 64;

/** Interfaces of this host. */
export function interfaceNames(): string[] {
  try {
    return readdirSync(SYS_CLASS_NET).sort();
  } catch {
    return Object.keys(networkInterfaces()).sort();
  }
}

/** ARPHRD number (linux/if_arp.h) of an interface, null where it cannot be told. */
export function hardwareTypeOf(name: string): number | null {
  try {
    return Number(readFileSync(join(SYS_CLASS_NET, name, 'type'), 'utf8'));
  } catch {
    return null;
  }
}

/** Refuses what a program could take for an option or a path. Throws `invalid-argument`. */
export function checkInterfaceName(name: string): void {
  if (name.startsWith('-')) throw refused(name, 'a name cannot begin with "-"');
  if (name.length === 0 || name.length > MAX_NAME)
    throw refused(name, `it must have 1 to ${MAX_NAME} characters`);
  if (!/^[\w.:@%\-\\{}]+$/.test(name))
    throw refused(name, 'it contains a character that no interface name has');
}

function refused(name: string, why: string): BothendsError {
  return new BothendsError('invalid-argument', `bad interface name ${JSON.stringify(name)}: ${why}`);
}

/** The error for an interface that does not exist, with those that do. */
export function noSuchInterface(name: string): BothendsError {
  const present = ['any', ...interfaceNames()].join(', ');
  return new BothendsError('not-found', `there is no interface "${name}" on this host: it has ${present}`);
}
