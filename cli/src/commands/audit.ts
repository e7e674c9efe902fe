import { formatInstant } from '@bothends/proto';
import { AuditChain, type AuditCheck } from '@bothends/proto/evidence/audit-chain';
import type { AuditEntry } from '@bothends/proto/gen/bothends/v1/bothends';
import { type ListFormat, listOption } from '../args/output.js';
import { withCoordinator } from '../client/session.js';
import { ExitStatus } from '../errors.js';
import { jsonLine } from '../output/json-lines.js';
import type { Setup } from './setup.js';

interface AuditFlags {
  verify?: boolean;
  output: ListFormat;
}

/** `bothends audit`: who did what at the coordinator. */
export function register({ program, io, exit }: Setup): void {
  const command = program
    .command('audit')
    .helpGroup('Fleet:')
    .summary('print the audit log of the coordinator (needs an administrator)')
    .description(
      'Prints who joined, captured, approved, exported and deleted, and who was refused, oldest first. With ' +
        '`--verify` it prints no entry and checks the chain of hashes: an entry that was changed, moved or taken out ' +
        'of the middle is named, and the hash of the last one is printed. Note that hash elsewhere: with it you see ' +
        'later whether the end was cut off. Exits with 1 when the log is not whole.',
    )
    .option('--verify', 'check that nothing was changed, and print the hash of the last entry');
  listOption(command).action((flags: AuditFlags) =>
    withCoordinator(command, io, async (connection) => {
      const chain = new AuditChain();
      const stream = connection.stub.readAudit({ after: 0n });
      for await (const { entries } of connection.messages<{ entries: AuditEntry[] }>(stream)) {
        for (const entry of entries) {
          chain.add(entry);
          if (!flags.verify) io.stdout.write(flags.output === 'json' ? jsonLine(object(entry)) : line(entry));
        }
      }
      const check = chain.result();
      if (flags.verify)
        io.stdout.write(flags.output === 'json' ? jsonLine(checkObject(check)) : sentence(check));
      else if (!check.whole) io.stderr.write(sentence(check));
      exit(check.whole ? ExitStatus.done : ExitStatus.failed);
    }),
  );
}

function line({ number, atNs, actor, action, subject, outcome, detail }: AuditEntry): string {
  const text = `${number} ${formatInstant(atNs)} ${actor || '-'} ${action} ${subject}: ${outcome}`;
  // What peers sent is in there: nothing of it may steer a terminal.
  return `${(detail === '' ? text : `${text} (${detail})`).replace(/[\p{Cc}\u2028\u2029]/gu, '?')}\n`;
}

function object({ number, atNs, hash, ...words }: AuditEntry): object {
  return {
    number: Number(number),
    at: formatInstant(atNs),
    ...words,
    hash: Buffer.from(hash).toString('hex'),
  };
}

function sentence(check: AuditCheck): string {
  if (!check.whole) return `The audit log is not whole: entry ${check.number}: ${check.reason}.\n`;
  return `${check.entries} entries, none changed. The last has the hash ${check.head?.toString('hex') ?? '-'}\n`;
}

function checkObject(check: AuditCheck): object {
  if (!check.whole) return { whole: false, entry: Number(check.number), reason: check.reason };
  return { whole: true, entries: check.entries, head: check.head?.toString('hex') ?? null };
}
