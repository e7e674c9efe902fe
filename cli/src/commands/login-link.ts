import { formatInstant } from '@bothends/proto';
import { Option } from 'commander';
import { type ListFormat, listOption } from '../args/output.js';
import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import { jsonLine } from '../output/json-lines.js';
import type { Setup } from './setup.js';

interface LoginFlags {
  role?: string;
  capture?: string;
  output: ListFormat;
}

/** `bothends login-link`: opens the coordinator's page for one browser. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('login-link')
    .helpGroup('Captures:')
    .summary("print a link that signs a browser in to the coordinator's page")
    .description(
      'Prints a link that works once and for ten minutes. The browser gets your role, or less: with `--role viewer` ' +
        'the link can be given to the other team.',
    )
    .addOption(new Option('--role <role>', 'sign in with this role').choices(['viewer', 'operator', 'admin']))
    .option('--capture <id>', 'open the page of this capture', name);
  listOption(command).action((flags: LoginFlags) =>
    withCoordinator(command, io, async (connection) => {
      const path = flags.capture === undefined ? '' : `/captures/${encodeURIComponent(flags.capture)}`;
      const request = { role: flags.role ?? '', path };
      const made = await connection.call(connection.stub.createLoginLink, request);
      const { url, certificateSha256 } = made;
      const expiresAt = formatInstant(made.expiresNs);
      if (flags.output === 'json') {
        io.stdout.write(jsonLine({ url, expiresAt, certificateSha256 }));
        return;
      }
      io.stdout.write(`${url}\n`);
      io.stderr.write(
        `Works once, until ${expiresAt.slice(0, 19)}Z. A browser that does not know the certificate shows its SHA-256 ` +
          `fingerprint; it must be\n${certificateSha256}\n`,
      );
    }),
  );
}
