import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { hostOrPod, name } from '../args/values.js';
import type { Connection } from '../client/client.js';
import { withCoordinator } from '../client/session.js';
import { UsageError } from '../errors.js';
import { type NewFile, writeNewFile } from '../export/new-file.js';
import {
  exportPcapng,
  type FileFlags,
  fileOptions,
  requireOutputs,
  writeOutputs,
} from '../export/outputs.js';
import type { Io } from '../io.js';
import { patiently } from '../output/patiently.js';
import type { Setup } from './setup.js';

interface ExportFlags extends FileFlags {
  raw?: string;
  tap?: string;
}

/** `bothends export ID`: a capture as files, for Wireshark and for whoever wants to check the report. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('export')
    .helpGroup('Captures:')
    .summary('write a capture as pcapng, as an evidence bundle, or as one host kept it')
    .description(
      'Writes a capture that is over as files: the packets of both taps on one timeline for Wireshark (--pcapng), and ' +
        'report and evidence, signed, as a bundle that "bothends verify" checks on any machine (--bundle). The packets ' +
        'of a bundle can be exported too. A capture that was made with --keep-raw can be fetched from each host as it was ' +
        'captured (--raw FILE --tap HOST), payload included, where the policy of that host says "rawPackets: export"; the ' +
        'host writes down who did.',
    )
    .argument('<id|file>', 'id or name of the capture, or a bundle file', name);
  fileOptions(command)
    .option('--raw <file>', 'write the packets that one host kept, as they were captured', name)
    .option('--tap <host>', 'of which host: its name in the report, client or server', hostOrPod);
  command.action(async (id: string, flags: ExportFlags) => {
    if (flags.raw !== undefined || flags.tap !== undefined) {
      await exportRaw(command, id, flags, io);
      return;
    }
    if (!flags.pcapng && !flags.bundle) {
      throw new UsageError(
        'nothing to write',
        'Give --pcapng FILE, --bundle FILE, or --raw FILE --tap HOST.',
      );
    }
    requireOutputs(flags);
    await (isFile(id) ? fromBundle(id, flags, io) : fromCoordinator(command, id, flags, io));
  });
}

async function exportRaw(command: Command, id: string, flags: ExportFlags, io: Io): Promise<void> {
  const { file, tap } = rawRequest(flags);
  await withCoordinator(command, io, (connection) =>
    writeNewFile(file, (out) =>
      patiently(io, `Fetching from ${tap}`, fetchRaw(connection, id, tap, out, io)),
    ),
  );
  io.stderr.write(`Wrote ${file} as ${tap} captured it: it holds payload.\n`);
}

async function fromCoordinator(command: Command, id: string, flags: FileFlags, io: Io): Promise<void> {
  await withCoordinator(command, io, async (connection) => {
    const fetch = (file: NewFile) => fetchBundle(connection, id, flags.pseudonymise === true, file);
    await writeOutputs(flags, io, (file) => patiently(io, 'Fetching the evidence', fetch(file)));
  });
}

async function fromBundle(bundle: string, { pcapng, pseudonymise }: FileFlags, io: Io): Promise<void> {
  if (!pcapng || pseudonymise) {
    throw new UsageError(`${bundle} is a bundle already`, 'Of a bundle, --pcapng FILE alone can be written.');
  }
  await exportPcapng(bundle, pcapng, io);
}

/** The coordinator makes the bundle and signs it; what arrives is written as it is. */
async function fetchBundle(
  connection: Connection,
  captureId: string,
  pseudonymise: boolean,
  file: NewFile,
): Promise<void> {
  // No deadline: evidence may be gigabytes, and a dead peer is noticed by the channel itself.
  const stream = connection.stub.exportBundle({ captureId, pseudonymise });
  for await (const { data } of connection.messages(stream)) file.write(data);
}

function rawRequest({ raw, tap, pcapng, bundle, pseudonymise }: ExportFlags): { file: string; tap: string } {
  if (raw === undefined || tap === undefined)
    throw new UsageError('--raw and --tap go together', 'Give --raw FILE --tap HOST.');
  if (pcapng || bundle || pseudonymise)
    throw new UsageError('--raw goes alone', 'Write the other files with another call.');
  return { file: raw, tap };
}

/** What the host sends is written as it is; what it lacks is said. */
async function fetchRaw(
  connection: Connection,
  captureId: string,
  tap: string,
  file: NewFile,
  io: Io,
): Promise<void> {
  const stream = connection.stub.exportRaw({ captureId, tap });
  for await (const { data, lacks } of connection.messages(stream)) {
    if (lacks !== '') io.stderr.write(`bothends: warning: ${tap}: ${lacks}\n`);
    file.write(data);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
