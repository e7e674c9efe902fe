import {
  BothendsError,
  nearestNames,
  newestCommon,
  OLDEST_PROTOCOL,
  type PodReference,
  PROTOCOL,
} from '@bothends/proto';
import type {
  ControlResponse,
  Heartbeat,
  Hello,
  PodsFound,
  TapProgress,
  TapState,
} from '@bothends/proto/gen/bothends/v1/agent';
import type { Clock } from '../time.js';
import { printable } from '../trust/names.js';
import { type ClockEstimate, ClockEstimator } from './clock-estimate.js';
import { type PodAnswers, PodSearches } from './pod-search.js';

/** One Control stream as the fleet sees it. */
export interface Link {
  /** Address of the peer, for messages. */
  peer: string;
  send(message: ControlResponse): void;
  /** Ends the stream with this error. */
  cut(error: BothendsError): void;
}

/** Who wants to know what agents say. */
export interface FleetListener {
  /**
   * `again`: not the first one on its link. Something about the agent has changed, but its taps are where they
   * were.
   */
  hello(agent: string, hello: Hello, again: boolean): void;
  tapState(agent: string, state: TapState): void;
  progress(agent: string, taps: readonly TapProgress[]): void;
  offline(agent: string): void;
}

/** What is known of an agent now. */
export interface AgentView {
  name: string;
  online: boolean;
  hello: Hello | null;
  lastSeenNs: bigint;
  clock: ClockEstimate | null;
  rssBytes: bigint;
  /** Evidence on its disk that is not committed here yet. */
  spoolBytes: bigint;
}

/**
 * An agent sends a heartbeat each second: after this long without one its link counts as dead, and another host may
 * take its name.
 */
const ALIVE_NS = 3_500_000_000n;

interface Member {
  name: string;
  link: Link | null;
  hello: Hello | null;
  lastSeenNs: bigint;
  clock: ClockEstimator;
  rssBytes: bigint;
  spoolBytes: bigint;
}

export interface FleetInput {
  clock: Clock;
  /** Of the coordinator, for agents' logs. */
  version: string;
  /** Told when an agent comes and goes, to be remembered. */
  seen: (name: string, nowNs: bigint) => void;
  /** Names the authorities that agents are to trust. */
  authorities: () => string;
}

/** Which agents are connected, what they can do, and how their clocks stand to ours. */
export class Fleet {
  readonly #members = new Map<string, Member>();
  readonly #clock: Clock;
  readonly #version: string;
  readonly #seen: (name: string, nowNs: bigint) => void;
  readonly #authorities: () => string;
  readonly #searches: PodSearches;
  #listener: FleetListener | null = null;

  constructor({ clock, version, seen, authorities }: FleetInput) {
    this.#clock = clock;
    this.#seen = seen;
    this.#version = version;
    this.#authorities = authorities;
    this.#searches = new PodSearches(clock);
  }

  /** There is one listener, the captures. Set before the first agent connects. */
  listen(listener: FleetListener): void {
    this.#listener = listener;
  }

  /** Agents that joined in earlier runs, to show them as offline. */
  remember(name: string, lastSeenNs: bigint): void {
    this.#member(name).lastSeenNs = lastSeenNs;
  }

  /**
   * An agent said hello on a new link.
   * @throws BothendsError `failed-precondition` for another protocol, `already-exists` while a live agent has the name
   */
  connect(name: string, hello: Hello, link: Link): void {
    if (commonProtocol(hello) === null) throw protocolError(name, hello);
    const member = this.#member(name);
    const nowNs = this.#clock.nowNs();
    const old = member.link;
    const again = old === link;
    if (old !== null && !again && !isSameAgent(member.hello, hello)) {
      if (nowNs - member.lastSeenNs < ALIVE_NS) throw takenError(member, link);
    }
    // Before the old link is cut, so that its end is no news of the agent.
    member.link = link;
    member.hello = hello;
    member.lastSeenNs = nowNs;
    if (!again) {
      old?.cut(new BothendsError('already-exists', `${name} connected anew from ${link.peer}`));
      // Another boot or another host: what its clock did before says nothing. A second hello on one link is neither.
      member.clock = new ClockEstimator();
    }
    this.#seen(name, nowNs);
    this.#welcome(link, hello);
    this.#listener?.hello(name, hello, again);
  }

  /** Says welcome again to every agent that is connected: what it says has changed. */
  introduce(): void {
    for (const { link, hello } of this.#members.values()) {
      if (link !== null && hello !== null) this.#welcome(link, hello);
    }
  }

  /** Takes a heartbeat; the answer is the agent's clock exchange. */
  heartbeat(name: string, link: Link, heartbeat: Heartbeat, receivedNs: bigint): void {
    const member = this.#current(name, link);
    if (member === null) return;
    member.lastSeenNs = receivedNs;
    member.rssBytes = heartbeat.rssBytes;
    member.spoolBytes = heartbeat.spoolBytes;
    member.clock.add({
      t1Ns: heartbeat.lastT1Ns,
      t2Ns: heartbeat.lastT2Ns,
      t3Ns: heartbeat.lastT3Ns,
      t4Ns: heartbeat.lastT4Ns,
    });
    const value = { t1Ns: heartbeat.t1Ns, t2Ns: receivedNs, t3Ns: this.#clock.nowNs() };
    link.send({ message: { $case: 'heartbeat', value } });
    this.#listener?.progress(name, heartbeat.taps);
  }

  tapState(name: string, link: Link, state: TapState): void {
    const member = this.#current(name, link);
    if (member === null) return;
    member.lastSeenNs = this.#clock.nowNs();
    this.#listener?.tapState(name, state);
  }

  /**
   * Asks these agents whether their nodes run a pod.
   * @returns what they answer in time
   */
  async findPod(agents: readonly string[], { namespace, name }: PodReference): Promise<PodAnswers> {
    return await this.#searches.ask(agents, { namespace, name, uid: '' }, (agent, question) =>
      this.send(agent, question),
    );
  }

  podsFound(name: string, link: Link, answer: PodsFound): void {
    if (this.#current(name, link) !== null) this.#searches.answered(name, answer);
  }

  /** The link broke or ended; one that was replaced already is no news. */
  disconnect(name: string, link: Link): void {
    const member = this.#member(name);
    if (member.link !== link) return;
    member.link = null;
    this.#seen(name, member.lastSeenNs);
    this.#listener?.offline(name);
  }

  /** Ends an agent's link, such as when another host has taken its name. */
  cut(name: string, error: BothendsError): void {
    this.#members.get(name)?.link?.cut(error);
  }

  /** False when the agent is offline. */
  send(name: string, message: ControlResponse['message']): boolean {
    const link = this.#members.get(name)?.link ?? null;
    link?.send({ message });
    return link !== null;
  }

  view(name: string): AgentView | null {
    const member = this.#members.get(name);
    return member === undefined ? null : this.#viewOf(member);
  }

  views(): AgentView[] {
    return [...this.#members.values()].map((member) => this.#viewOf(member));
  }

  /**
   * The connected agent of this name and its hello.
   * @throws BothendsError `not-found` with the nearest names, `unavailable` when it is offline
   */
  require(name: string): { hello: Hello } {
    const member = this.#members.get(name);
    if (member === undefined) {
      const near = nearestNames(name, this.#members.keys());
      const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'see "bothends agents"';
      throw new BothendsError('not-found', `no agent called ${name} has joined: ${hint}`);
    }
    if (member.link === null || member.hello === null) {
      throw new BothendsError(
        'unavailable',
        `${name} is offline, so nobody starts: check its agent (systemctl status bothends-agent) and its way to this coordinator`,
      );
    }
    return { hello: member.hello };
  }

  #welcome(link: Link, hello: Hello): void {
    const protocol = commonProtocol(hello) ?? PROTOCOL;
    const value = { coordinatorVersion: this.#version, protocol, authorities: this.#authorities() };
    link.send({ message: { $case: 'welcome', value } });
  }

  /** The member behind a link; null for a link that never said hello or was replaced. */
  #current(name: string, link: Link): Member | null {
    const member = this.#member(name);
    return member.link === link ? member : null;
  }

  #viewOf(member: Member): AgentView {
    const { name, hello, lastSeenNs, rssBytes, spoolBytes } = member;
    const clock = member.clock.estimate(this.#clock.nowNs());
    return { name, online: member.link !== null, hello, lastSeenNs, clock, rssBytes, spoolBytes };
  }

  #member(name: string): Member {
    let member = this.#members.get(name);
    if (member === undefined) {
      const clock = new ClockEstimator();
      member = { name, link: null, hello: null, lastSeenNs: 0n, clock, rssBytes: 0n, spoolBytes: 0n };
      this.#members.set(name, member);
    }
    return member;
  }
}

function commonProtocol({ protocol, oldestProtocol }: Hello): number | null {
  return newestCommon({ newest: protocol, oldest: oldestProtocol ?? protocol });
}

function protocolError(name: string, { version, protocol }: Hello): BothendsError {
  const older = protocol < PROTOCOL ? 'the agent' : 'the coordinator';
  const own = OLDEST_PROTOCOL === PROTOCOL ? `${PROTOCOL}` : `${OLDEST_PROTOCOL} to ${PROTOCOL}`;
  return new BothendsError(
    'failed-precondition',
    `agent ${printable(name)} (version ${printable(version)}) speaks protocol ${protocol}, this coordinator ${own}: upgrade ${older}`,
  );
}

/**
 * True when both come from the one agent that can have this data directory; then its new link replaces the old
 * one at once.
 */
function isSameAgent(known: Hello | null, hello: Hello): boolean {
  if (known === null || hello.dataDirectory === '') return false;
  return known.bootId === hello.bootId && known.dataDirectory === hello.dataDirectory;
}

function takenError(member: Member, link: Link): BothendsError {
  const host = member.hello?.hostname ?? 'another host';
  return new BothendsError(
    'already-exists',
    `an agent called ${member.name} is connected already (${host}, ${member.link?.peer}), so the one at ` +
      `${link.peer} stays out: give each host its own name, and do not copy an agent's data directory`,
  );
}
