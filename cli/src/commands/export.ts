import { statSync } from 'node:fs';
import { name } from '../args/values.js';
import type { Connection } from '../client/client.js';
import { withCoordinator } from '../client/session.js';
import { UsageError } from '../errors.js';
import type { NewFile } from '../export/new-file.js';
import {
  exportPcapng,
  type FileFlags,
  fileOptions,
  requireOutputs,
  writeOutputs,
} from '../export/outputs.js';
import { patiently } from '../output/patiently.js';
import type { Setup } from './setup.js';

/** `bothends export ID`: a capture as files, for Wireshark and for whoever wants to check the report. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('export')
    .helpGroup('Captures:')
    .summary('write a capture as pcapng or as an evidence bundle')
    .description(
      'Writes a capture that is over as files: the packets of both taps on one timeline for Wireshark (--pcapng), and ' +
        'report and evidence, signed, as a bundle that "bothends verify" checks on any machine (--bundle). The packets ' +
        'of a bundle can be exported too.',
    )
    .argument('<id|file>', 'id or name of the capture, or a bundle file', name);
  fileOptions(command).action(async (id: string, flags: FileFlags) => {
    if (!flags.pcapng && !flags.bundle) {
      throw new UsageError('nothing to write', 'Give --pcapng FILE, --bundle FILE, or both.');
    }
    requireOutputs(flags);
    if (isFile(id)) {
      await fromBundle(id, flags);
      return;
    }
    await withCoordinator(command, io, async (connection) => {
      await writeOutputs(flags, io, (file) =>
        patiently(
          io,
          'Fetching the evidence',
          fetchBundle(connection, id, flags.pseudonymise === true, file),
        ),
      );
    });
  });

  async function fromBundle(bundle: string, { pcapng, pseudonymise }: FileFlags): Promise<void> {
    if (!pcapng || pseudonymise) {
      throw new UsageError(
        `${bundle} is a bundle already`,
        'Of a bundle, --pcapng FILE alone can be written.',
      );
    }
    await exportPcapng(bundle, pcapng, io);
  }
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

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
