import { BothendsError } from '@bothends/proto';
import { LinkType } from '../decode/link.js';
import { NOT_INSTALLED } from './failure.js';
import { findFault, pointAt } from './filter-fault.js';
import { checkFilterText } from './filter-text.js';
import { hardwareTypeOf } from './interfaces.js';
import { messagesOf, runTcpdump } from './tcpdump/program.js';

/** A name in a filter may have to be looked up; a resolver that does not answer gives up after about this. */
export const COMPILE_MS = 10_000;

/** What `tcpdump -y` calls the link types that an interface can have. */
const DLT_NAMES: ReadonlyMap<number, string> = new Map([
  [LinkType.null, 'NULL'],
  [LinkType.ethernet, 'EN10MB'],
  [LinkType.ppp, 'PPP'],
  [LinkType.raw, 'RAW'],
  [LinkType.cooked, 'LINUX_SLL'],
  [LinkType.cooked2, 'LINUX_SLL2'],
]);

/** A filter as the kernel will run it. */
export interface CompiledFilter {
  /** Instructions of the BPF program; the kernel takes at most 4096. */
  readonly length: number;
  /** The program as `tcpdump -ddd` prints it, which keeps whole packets. */
  readonly text: string;
}

/** Names in a filter are looked up when it is compiled; after a minute they may mean something else. */
const KEPT_MS = 60_000;
/** Locating the fault in a filter compiles dozens of filters that nobody will ask for again. */
const MOST_KEPT = 64;
/**
 * Compiled programs by link type and filter. Arming compiles the same filter several times, and a process for
 * each costs 30 ms of CPU.
 */
const compiledLately = new Map<string, string>();

/**
 * Compiles a filter without opening anything. Throws `invalid-argument` with tcpdump's own message and a caret under
 * the place that it fails at, where that can be told; `failed-precondition` where tcpdump is missing.
 */
export async function compileFilter(text: string, linkType: number): Promise<CompiledFilter> {
  checkFilterText(text);
  const { program, reason: said } = await run(text, linkType);
  if (program !== null) return { length: Number.parseInt(program, 10), text: program };
  const fault = await findFault(text, said, (candidate) => isCompilable(candidate, linkType));
  const reason = said.replace(/^can't parse filter expression: /, '');
  throw new BothendsError(
    'invalid-argument',
    `the filter does not compile: ${reason}\n${pointAt(text, fault)}`,
  );
}

/** Whether a filter compiles for a link type; some primitives exist for some link types only. */
export async function isCompilable(text: string, linkType: number): Promise<boolean> {
  return (await run(text, linkType)).program !== null;
}

/** The program's text, or null and why not. */
type Outcome =
  | { readonly program: string; readonly reason: '' }
  | { readonly program: null; readonly reason: string };

async function run(text: string, linkType: number): Promise<Outcome> {
  const key = `${linkType} ${text}`;
  const known = compiledLately.get(key);
  if (known !== undefined) return { program: known, reason: '' };
  const outcome = await compile(text, linkType);
  if (outcome.program !== null && compiledLately.size < MOST_KEPT) {
    compiledLately.set(key, outcome.program);
    setTimeout(() => compiledLately.delete(key), KEPT_MS).unref();
  }
  return outcome;
}

async function compile(text: string, linkType: number): Promise<Outcome> {
  const failed = (reason: string): Outcome => ({ program: null, reason });
  const dlt = DLT_NAMES.get(linkType);
  if (dlt === undefined)
    throw new BothendsError('unsupported', `cannot compile filters for link type ${linkType}`);
  const filter = text.trim() === '' ? [] : ['--', text];
  const { status, stdout, stderr, failure } = await runTcpdump(['-y', dlt, '-ddd', ...filter], COMPILE_MS);
  if (failure === 'ENOENT') throw new BothendsError('failed-precondition', NOT_INSTALLED);
  if (failure === 'ETIMEDOUT')
    return failed('compiling took too long: does it contain a name that cannot be resolved?');
  if (status === 0) return { program: stdout, reason: '' };
  return failed(messagesOf(stderr).join('; ') || 'tcpdump gives no reason');
}

/** ARPHRD numbers (linux/if_arp.h) of interfaces without a link header: tun, IPIP, SIT. */
const HEADERLESS: readonly number[] = [65534, 768, 776];

/** The link type that captures on an interface will have. */
export function linkTypeOf(interfaceName: string): number {
  if (interfaceName === 'any') return LinkType.cooked2;
  return HEADERLESS.includes(hardwareTypeOf(interfaceName) ?? 0) ? LinkType.raw : LinkType.ethernet;
}
