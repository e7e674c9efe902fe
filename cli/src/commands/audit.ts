import { readFileSync } from 'node:fs';
import { BothendsError, formatInstant, readFailure } from '@bothends/proto';
import { AuditChain, type AuditCheck } from '@bothends/proto/evidence/audit-chain';
import { AuditEntry } from '@bothends/proto/gen/bothends/v1/bothends';
import { type ListFormat, listOption } from '../args/output.js';
import { name } from '../args/values.js';
import { withCoordinator } from '../client/session.js';
import { ExitStatus } from '../errors.js';
import { jsonLine } from '../output/json-lines.js';
import type { Setup } from './setup.js';

interface AuditFlags {
  file?: string;
  verify?: boolean;
  output: ListFormat;
}

interface Page {
  readonly entries: readonly AuditEntry[];
}
type Pages = AsyncIterable<Page> | Iterable<Page>;

/** `bothends audit`: who did what at the coordinator. */
export function register({ program, io, exit }: Setup): void {
  const command = program
    .command('audit')
    .helpGroup('Fleet:')
    .summary('print the audit log of the coordinator (needs an administrator), or of this host')
    .description(
      'Prints who joined, captured, approved, exported and deleted, and who was refused, oldest first. With ' +
        '`--verify` it prints no entry and checks the chain of hashes: an entry that was changed, moved or taken out ' +
        'of the middle is named, and the hash of the last one is printed. Note that hash elsewhere: with it you see ' +
        'later whether the end was cut off. Exits with 1 when the log is not whole. With `--file` it reads the log that ' +
        'the agent of this host keeps of raw packets: what was kept, exported and deleted, and for whom.',
    )
    .option('--verify', 'check that nothing was changed, and print the hash of the last entry')
    .option('--file <file>', 'audit.log of an agent, in its data folder', name);
  listOption(command).action(async (flags: AuditFlags) => {
    if (flags.file !== undefined) {
      await print([{ entries: entriesOf(flags.file) }], flags);
      return;
    }
    await withCoordinator(command, io, async (connection) => {
      const stream = connection.stub.readAudit({ after: 0n });
      await print(connection.messages(stream), flags);
    });
  });

  async function print(pages: Pages, { verify, output }: AuditFlags): Promise<void> {
    const chain = new AuditChain();
    for await (const { entries } of pages) {
      for (const entry of entries) {
        chain.add(entry);
        if (!verify) io.stdout.write(output === 'json' ? jsonLine(object(entry)) : line(entry));
      }
    }
    const check = chain.result();
    if (verify) io.stdout.write(output === 'json' ? jsonLine(checkObject(check)) : sentence(check));
    else if (!check.whole) io.stderr.write(sentence(check));
    exit(check.whole ? ExitStatus.done : ExitStatus.failed);
  }
}

/** The entries of an agent's own log. @throws BothendsError when it cannot be read; `data-loss` for what is no log */
function entriesOf(file: string): AuditEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code, why } = readFailure(cause);
    throw new BothendsError(code, `${file} cannot be read: ${why}`, { cause });
  }
  const lines = text.split('\n').filter((each) => each !== '');
  return lines.map((each, i) => {
    try {
      return AuditEntry.fromJSON(JSON.parse(each));
    } catch (cause) {
      throw new BothendsError('data-loss', `${file} line ${i + 1} is no entry of an audit log`, { cause });
    }
  });
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
