import { BothendsError, nsOf } from '@bothends/proto';
import type { Authority as AuthorityMessage, Dependent } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Fleet } from '../fleet/fleet.js';
import { type Authority, retiredError } from './authority.js';
import type { Ca } from './ca.js';
import type { CurrentCertificates } from './current-certificates.js';

export interface RotationInput {
  readonly authority: Authority;
  readonly certificates: CurrentCertificates;
  readonly fleet: Fleet;
  readonly connections: ConnectionTrust;
}

/** What connections are made with from now on. */
export interface ConnectionTrust {
  /** Other authorities are trusted. */
  retrust(): void;
  /** The server's own certificates are to be from another authority. */
  reissue(): Promise<void>;
}

/** Where a replacement stands. */
export interface Standing {
  issuing: AuthorityMessage;
  outgoing: AuthorityMessage | undefined;
  /** Agents and users whose certificate is from another authority than the issuing one. */
  dependents: Dependent[];
}

/** Names that a refusal lists; `ca status` has all of them. */
const NAMED = 5;

/**
 * Replaces the authority of a fleet in three steps: a new one issues, everybody takes it along and renews by
 * themselves, the one before is retired.
 */
export class Rotation {
  readonly #in: RotationInput;

  constructor(input: RotationInput) {
    this.#in = input;
  }

  standing(): Standing {
    const { issuing, outgoing } = this.#in.authority;
    return {
      issuing: messageOf(issuing),
      outgoing: outgoing === null ? undefined : messageOf(outgoing),
      dependents: this.#dependents(),
    };
  }

  /**
   * Makes a new authority; agents that are connected are told at once.
   * @throws BothendsError `failed-precondition` while another replacement is under way
   */
  async begin(): Promise<AuthorityMessage> {
    const { authority, fleet, connections } = this.#in;
    await authority.rotate();
    connections.retrust();
    fleet.introduce();
    return messageOf(authority.issuing);
  }

  /**
   * Ends the trust in the outgoing authority; whoever depends on it is out, and returned.
   * @throws BothendsError `failed-precondition` when there is none, or somebody depends on it and `force` is false
   */
  async finish(force: boolean): Promise<Dependent[]> {
    const { authority, fleet, connections } = this.#in;
    const outgoing = authority.outgoing?.name;
    const dependents = this.#dependents().filter((each) => each.authority === outgoing);
    if (dependents.length > 0 && !force) throw stillNeeded(dependents);
    await authority.retire();
    connections.retrust();
    await connections.reissue();
    for (const { kind, name, authority: issuer } of dependents) {
      if (kind === 'agent') fleet.cut(name, retiredError(issuer));
    }
    fleet.introduce();
    return dependents;
  }

  #dependents(): Dependent[] {
    const { authority, certificates, fleet } = this.#in;
    return certificates
      .admitted()
      .filter(({ issuer }) => issuer !== authority.issuing.name)
      .map(({ holder, name, issuer }) => {
        const agent = holder === 'agent' ? fleet.view(name) : null;
        const seen = { online: agent?.online ?? false, lastSeenNs: agent?.lastSeenNs ?? 0n };
        return { kind: holder, name, authority: issuer, ...seen };
      });
  }
}

function messageOf({ name, hash, expiresMs }: Ca): AuthorityMessage {
  return { name, caHash: hash, expiresNs: nsOf(expiresMs) };
}

function stillNeeded(dependents: readonly Dependent[]): BothendsError {
  const losses = [
    ...(dependents.some(({ kind }) => kind === 'agent') ? ['these agents have to join again'] : []),
    ...(dependents.some(({ kind }) => kind === 'user') ? ['these users need a new context file'] : []),
  ];
  const parts = [
    part('connected, and move by themselves within a moment unless they are older', dependents, isConnected),
    part('offline', dependents, ({ kind, online }) => kind === 'agent' && !online),
    part('users, who move with their next command', dependents, ({ kind }) => kind === 'user'),
  ];
  return new BothendsError(
    'failed-precondition',
    `the outgoing authority is still needed (${parts.filter(Boolean).join('; ')}): see "bothends ca status". With ` +
      `--force ${losses.join(', and ')}`,
  );
}

function isConnected({ kind, online }: Dependent): boolean {
  return kind === 'agent' && online;
}

function part(
  what: string,
  dependents: readonly Dependent[],
  belongs: (dependent: Dependent) => boolean,
): string {
  const names = dependents.filter(belongs).map(({ name }) => name);
  if (names.length === 0) return '';
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${what}: ${names.slice(0, NAMED).join(', ')}${more}`;
}
