import type { ClockSync, InterfaceState } from '@bothends/proto/gen/bothends/v1/packet';
import { readClockSync, UNKNOWN_SYNC } from './clock-sync.js';
import { type LinkDetails, readLinks } from './links.js';
import { hasNetRaw, networkNamespace } from './rights.js';
import { type RunTool, runTool } from './tool.js';

/** What can only be learnt from other programs, and so is asked for now and then. */
export class HostSurvey {
  readonly #run: RunTool;
  readonly #names: () => string[];
  #links: ReadonlyMap<string, LinkDetails> = new Map();
  #clockSync: ClockSync = UNKNOWN_SYNC;

  /** `names` are the interfaces to ask about. */
  constructor(names: () => string[], run: RunTool = runTool) {
    this.#names = names;
    this.#run = run;
  }

  get clockSync(): ClockSync {
    return this.#clockSync;
  }

  /** Asks again; never rejects, what cannot be learnt stays unknown. */
  async refresh(): Promise<void> {
    [this.#links, this.#clockSync] = await Promise.all([
      readLinks(this.#run, this.#names()),
      readClockSync(this.#run),
    ]);
  }

  /** An interface with what the last survey knows of it. */
  describe(state: InterfaceState): InterfaceState {
    const details = this.#links.get(state.name);
    if (!details) return state;
    return { ...state, xdp: details.xdp, offloads: [...(details.offloads ?? [])] };
  }

  /** What cannot be seen from here, or looks other than on the wire, and how to change it. */
  limits(): string[] {
    return limitsOf({
      links: this.#links,
      clockSync: this.#clockSync,
      netRaw: hasNetRaw(),
      ownNamespace: networkNamespace(),
      hostNamespace: networkNamespace('1'),
    });
  }
}

/** What passes it never was on a wire. */
const LOOPBACK = 'lo';

export interface LimitFacts {
  readonly links: ReadonlyMap<string, LinkDetails>;
  readonly clockSync: ClockSync;
  readonly netRaw: boolean | null;
  /** Inodes of the agent's network namespace and of the host's first process, '' where unknown. */
  readonly ownNamespace: string;
  readonly hostNamespace: string;
}

/** See `HostSurvey.limits`; pure. */
export function limitsOf({ links, clockSync, netRaw, ownNamespace, hostNamespace }: LimitFacts): string[] {
  const named = (which: (link: LinkDetails) => boolean) =>
    [...links].filter(([name, link]) => name !== LOOPBACK && which(link)).map(([name]) => name);
  const xdp = named((link) => link.xdp);
  const containers = named((link) => link.peerElsewhere);
  const merging = named(({ offloads }) => (offloads ?? []).some((name) => name === 'gro' || name === 'lro'));
  const unknown = named(({ offloads }) => offloads === null);
  const limits: string[] = [];
  if (netRaw === false) {
    limits.push(
      'the agent has no CAP_NET_RAW, so a tap opens only if tcpdump has it: run the agent as root, or put ' +
        'AmbientCapabilities=CAP_NET_RAW into its systemd unit',
    );
  }
  if (hostNamespace !== '' && ownNamespace !== hostNamespace) {
    limits.push(
      'the agent runs in a network namespace of its own and sees no traffic of the host around it: run it with ' +
        'host networking (docker run --network host, hostNetwork: true) to see that',
    );
  }
  if (xdp.length > 0) {
    limits.push(
      `an XDP program runs on ${xdp.join(', ')}: packets that it drops or redirects reach no tap; ` +
        `ask its owner, or take it off for the capture (ip link set dev ${xdp[0]} xdp off)`,
    );
  }
  if (containers.length > 0) {
    limits.push(
      `${list(containers)} into other network namespaces (containers): what stays inside of one is not seen ` +
        'here; capture in the pod (pod/NAMESPACE/NAME, agent with --pods), or run an agent in it (--netns PID)',
    );
  }
  if (merging.length > 0) {
    limits.push(
      `${merging.join(', ')} merges received segments, so packets may look larger than they were on the wire ` +
        `(verdicts allow for it): ethtool -K ${merging[0]} gro off lro off shows them as they came`,
    );
  }
  if (unknown.length > 0) {
    limits.push('which offloads are on is not known, because ethtool is missing: apt-get install ethtool');
  }
  if (clockSync.synchronised === false) {
    limits.push(
      `the clock is not synchronised (${clockSync.source}): verdicts do not need it, times in reports are this ` +
        "host's own; see chronyc tracking or timedatectl",
    );
  }
  return limits;
}

/** `veth1 leads`, `veth1, veth2 lead`; the first few of many. */
function list(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  if (names.length === 1) return `${shown} leads`;
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more lead` : `${shown} lead`;
}

/** A container host has hundreds of interfaces; a few examples say what is meant. */
const SHOWN = 4;
