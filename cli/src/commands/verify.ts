import type { Verification } from '@bothends/coordinator/bundle';
import { InvalidArgumentError, Option } from 'commander';
import { name } from '../args/values.js';
import { ExitStatus } from '../errors.js';
import { jsonLine } from '../output/json-lines.js';
import { styleFor, textWidth } from '../render/style.js';
import { verificationText } from '../verify/text.js';
import type { Setup } from './setup.js';

interface VerifyFlags {
  key?: string[];
  output: 'text' | 'json';
}

/** `bothends verify FILE`: whether a bundle is whole and its report follows from its evidence. */
export function register({ program, io, exit }: Setup): void {
  program
    .command('verify')
    .helpGroup('Captures:')
    .summary('check an evidence bundle')
    .description(
      'Checks an evidence bundle with nothing but the file: every hash and signature, that no batch is missing, and ' +
        'that the report follows from the evidence, byte for byte. Names each file, tap, batch and finding that is ' +
        'not as it was. Compare the fingerprints that it prints with those that you know: whoever makes a bundle ' +
        'chooses its keys. Exits with 1 when something is wrong.',
    )
    .argument('<file>', 'the bundle', name)
    .option(
      '--key <fingerprint>',
      'a key that must be among those that signed (sha256:…); may be given again',
      fingerprints,
    )
    .addOption(
      new Option('-o, --output <format>', 'text, or one JSON object')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action(async (file: string, flags: VerifyFlags) => {
      const { verifyBundle } = await import('@bothends/coordinator/bundle');
      const verification = verifyBundle(file, flags.key);
      const style = styleFor(io.stdout, io.env);
      io.stdout.write(
        flags.output === 'json'
          ? jsonLine(summary(file, verification))
          : verificationText(file, verification, { width: textWidth(io.stdout), style }),
      );
      exit(verification.whole ? ExitStatus.done : ExitStatus.failed);
    });
}

/** Collects what `--key` gives. */
function fingerprints(text: string, before: string[] = []): string[] {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return [...before, text];
  throw new InvalidArgumentError('a fingerprint is sha256: and 64 hex digits, as agents log it (signsWith)');
}

function summary(file: string, { whole, checks, manifest }: Verification): object {
  const { files, ...head } = manifest ?? { files: [] };
  return { file, whole, checks, manifest: manifest && { ...head, files: files.length } };
}
