import { BothendsError } from '@bothends/proto';
import { openFailure } from '../failure.js';
import { COMPILE_MS, compileFilter } from '../filter-compile.js';
import { checkFilterText } from '../filter-text.js';
import { messagesOf, runTcpdump } from '../tcpdump/program.js';
import { forDatagrams, type Instruction, keeping, parseProgram } from './program.js';

export interface FilterTarget {
  /** An interface that exists, or `any`. */
  readonly interface: string;
  /** LINKTYPE number of what it captures. */
  readonly linkType: number;
  /** Bytes kept of each packet; the program says so to the kernel. */
  readonly snaplen: number;
}

/**
 * The program for the kernel of a pcap-filter(7) expression, compiled by tcpdump: just what it would run itself.
 * Throws `invalid-argument` for a bad filter, with the compiler's message and a caret; `unsupported` for one that asks for
 * what a packet socket does not have.
 */
export async function compileProgram(text: string, target: FilterTarget): Promise<readonly Instruction[]> {
  if (target.interface !== 'any') return await compileOnto(text, target);
  const compiled = await compileFilter(text, target.linkType);
  const program = forDatagrams(keeping(parseProgram(compiled.text), target.snaplen));
  if (program !== null) return program;
  throw new BothendsError(
    'unsupported',
    'this filter reads bytes of the cooked header that only libpcap makes up: use --back-end tcpdump',
  );
}

/** For an interface it has to be opened: where the kernel keeps VLAN tags apart from the packet, programs look there. */
async function compileOnto(text: string, target: FilterTarget): Promise<readonly Instruction[]> {
  checkFilterText(text);
  const asRoot = process.getuid?.() === 0 ? ['-Z', 'root'] : [];
  const filter = text.trim() === '' ? [] : ['--', text];
  const args = ['-p', '-i', target.interface, ...asRoot, '-s', String(target.snaplen), '-ddd', ...filter];
  const { status, stdout, stderr } = await runTcpdump(args, COMPILE_MS);
  if (status === 0) return parseProgram(stdout);
  // Compiled for no interface in particular a bad filter fails again, and there the place is looked for.
  await compileFilter(text, target.linkType);
  throw openFailure(target.interface, messagesOf(stderr).join('; '));
}
