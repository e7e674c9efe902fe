import { hostname, userInfo } from 'node:os';
import type { Policy } from '@bothends/agent/policy';
import { type PodReference, podText } from '@bothends/proto';
import { Argument } from 'commander';
import { joinFilter } from '../args/filter.js';
import { duration, interfaceName, name, pod, port, snaplen } from '../args/values.js';
import type { Io } from '../io.js';
import type { Setup } from './setup.js';

interface PolicyFlags {
  port?: number;
  pod?: PodReference;
  interface: string;
  snaplen?: number;
  duration?: number;
  by?: string;
  approvedBy?: string;
  clearNames?: boolean;
  keepRaw?: boolean;
}

/** `bothends policy check|explain FILE`: what a policy file means, before an agent runs with it. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('policy')
    .helpGroup('Fleet:')
    .summary("check a host's policy file, or say what a capture would get under it")
    .description(
      '`check FILE` says whether an agent would take the file. `explain FILE` takes the options and the filter of a ' +
        'capture and says what would run on this host now, or which rule refuses it. Neither talks to anybody. A ' +
        'running agent reads its file again on SIGHUP (`systemctl reload bothends-agent`).',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(['check', 'explain']))
    .argument('<file>', 'policy file (YAML)', name)
    .argument('[filter...]', 'what the capture would record: pcap-filter(7)')
    .option('-p, --port <n>', 'record this port', port)
    .option('-i, --interface <name>', 'interface', interfaceName, 'any')
    .option('--pod <pod>', 'pod to capture in: pod/NAMESPACE/NAME', pod)
    .option('-s, --snaplen <bytes>', 'bytes kept of each packet', snaplen)
    .option('--duration <time>', 'how long: 30s, 5m', duration)
    .option('--by <user>', 'who would ask (default: you)', name)
    .option('--clear-names', 'DNS and TLS server names are asked for in clear')
    .option('--keep-raw', 'packets are to be kept as they are captured')
    .option('--approved-by <user>', 'the owner who would approve', name);
  command.action(async (action: string, file: string, words: string[], flags: PolicyFlags) => {
    const { applyPolicy, inWords, readPolicy, sizeInWords } = await import('@bothends/agent/policy');
    const policy = readPolicy(file);
    if (action === 'check') {
      io.stdout.write(`${file} is a valid policy.\n`);
      return;
    }
    const wish = {
      pod: flags.pod ?? null,
      interface: flags.interface,
      filter: joinFilter(words, flags.port ?? null),
      snaplen: flags.snaplen ?? 0,
      durationMs: flags.duration ?? 0,
      clearNames: flags.clearNames === true,
      keepRaw: flags.keepRaw === true,
      requestedBy: flags.by ?? userInfo().username,
      approvedBy: flags.approvedBy ?? '',
    };
    const allowed = applyPolicy(policy, hostname(), wish, new Date(io.now()));
    const bounds = `${sizeInWords(policy.maxRawBytes)} on this host at most, for ${inWords(policy.rawRetentionMs)}`;
    print(io, { ...allowed, duration: inWords(allowed.durationMs), rawBounds: bounds, policy });
  });
}

interface Allowed {
  readonly pod: PodReference | null;
  readonly interface: string;
  readonly filter: string;
  readonly snaplen: number;
  readonly duration: string;
  readonly approvedBy: string;
  readonly clearNames: boolean;
  readonly keepRaw: boolean;
  /** How much may be kept of packets, and how long. */
  readonly rawBounds: string;
  readonly policy: Policy;
}

function print(io: Io, allowed: Allowed): void {
  io.stdout.write(
    `place      ${allowed.pod === null ? 'this host' : `the network of ${podText(allowed.pod)}`}\n` +
      `interface  ${allowed.interface}\n` +
      `filter     ${allowed.filter || '(everything)'}\n` +
      `snaplen    ${allowed.snaplen} bytes of each packet are looked at; headers and digests leave this host\n` +
      `duration   at most ${allowed.duration}\n` +
      `ends       ${endsAt(allowed.policy)}\n` +
      `names      ${namesOf(allowed)}\n` +
      `raw        ${rawOf(allowed)}\n` +
      `consent    ${allowed.policy.consent === 'ask' ? `of ${allowed.approvedBy}` : 'given'}\n`,
  );
}

function namesOf({ clearNames, policy: { names } }: Allowed): string {
  if (names === 'none') return 'none leave';
  if (clearNames) return 'DNS and TLS server names leave in clear';
  const digests = 'as digests under a key of the capture';
  return names === 'clear' ? `${digests}; in clear where a capture asks for it (--clear-names)` : digests;
}

function rawOf({ keepRaw, rawBounds, policy: { rawPackets } }: Allowed): string {
  if (rawPackets === 'never') return 'packets are never kept';
  const leaves = rawPackets === 'keep' ? 'and never leave' : 'and may be exported by operators';
  const bounds = `${rawBounds}, ${leaves}`;
  return keepRaw ? `kept: ${bounds}` : `not kept; where a capture asks for it (--keep-raw): ${bounds}`;
}

/** What ends a tap besides its time. */
function endsAt({ maxPackets, maxBytes, maxRate }: Policy): string {
  const limits = [
    ...(maxPackets === null ? [] : [`after ${maxPackets} packets`]),
    ...(maxBytes === null ? [] : [`after ${maxBytes} captured bytes`]),
    ...(maxRate === null ? [] : [`when more than ${maxRate} packets come in a second`]),
  ];
  return limits.length === 0 ? 'with its time, or when it is stopped' : limits.join(', ');
}
