import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { name } from '../args/values.js';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { type NewFile, writeNewFile } from './new-file.js';

/** The files that `export` and `analyze` can write. */
export interface FileFlags {
  pcapng?: string;
  bundle?: string;
  pseudonymise?: boolean;
}

export function fileOptions(command: Command): Command {
  return command
    .option('--pcapng <file>', 'write the packets of both taps, on one timeline, for Wireshark', name)
    .option('--bundle <file>', 'write report and evidence as one file that anybody can verify', name)
    .option('--pseudonymise', 'replace addresses consistently, keeping common prefixes');
}

/** Throws UsageError for flags that ask for nothing, or for two files in one place. */
export function requireOutputs({ pcapng, bundle, pseudonymise }: FileFlags): void {
  if (pseudonymise && !pcapng && !bundle) {
    throw new UsageError('--pseudonymise is for files', 'Give --bundle FILE or --pcapng FILE too.');
  }
  if (pcapng && bundle && resolve(pcapng) === resolve(bundle)) {
    throw new UsageError(`--pcapng and --bundle are both ${pcapng}`, 'Give each a file of its own.');
  }
}

/**
 * Writes the files that are asked for: `fill` makes the bundle, and the pcapng is made of that. A bundle that nobody
 * asked for is put aside and removed. Says on stderr what was written.
 */
export async function writeOutputs<T>(
  flags: FileFlags,
  io: Io,
  fill: (bundle: NewFile) => Promise<T> | T,
): Promise<T> {
  const folder = flags.bundle ? null : mkdtempSync(join(tmpdir(), 'bothends-export-'));
  const path = flags.bundle ?? join(folder ?? '', 'bundle.tar');
  try {
    const result = await writeNewFile(path, fill);
    if (flags.bundle) io.stderr.write(`Wrote ${path}: "bothends verify ${path}" checks it on any machine.\n`);
    if (flags.pcapng) await exportPcapng(path, flags.pcapng, io);
    return result;
  } finally {
    if (folder) rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the packets of a bundle for Wireshark. */
export async function exportPcapng(bundle: string, path: string, io: Io): Promise<void> {
  const { writePcapng } = await import('./write-pcapng.js');
  const leftOut = await writeNewFile(path, (file) => writePcapng(bundle, file));
  const rest = leftOut === 0 ? '' : ` (${leftOut} packets that are not IP are left out)`;
  io.stderr.write(`Wrote ${path} for Wireshark${rest}.\n`);
}
