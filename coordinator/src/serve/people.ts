import type { BothendsServer } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Fleet } from '../fleet/fleet.js';
import type { Store } from '../store/store.js';
import type { Agents } from '../trust/agents.js';
import type { Authority } from '../trust/authority.js';
import { revokedAgentError } from '../trust/current-certificates.js';
import type { TokenMaker } from '../trust/token-maker.js';
import type { Users } from '../trust/users.js';
import type { Audited } from './audit/audited.js';
import { requireCaller } from './guard/caller.js';
import { serverStream } from './server-stream.js';
import { unary } from './unary.js';

/** Who gets in, and what was written down of them. */
export interface PeopleInput {
  store: Store;
  fleet: Fleet;
  tokens: TokenMaker;
  users: Users;
  agents: Agents;
  /** A user was shut out or replaced: their sessions at the page end. */
  signOut(name: string): void;
  /** `host:port` at which people reach this coordinator. */
  advertised(): string;
  authority: Authority;
}

type Methods = Pick<
  BothendsServer,
  'createJoinToken' | 'createUser' | 'listUsers' | 'revokeUser' | 'revokeAgent' | 'renewUser' | 'readAudit'
>;

/** Entries in one message: some 100 kB. */
const AUDIT_PAGE = 500;

/** What administrators do about agents and users. */
export function peopleMethods(input: PeopleInput, audited: Audited): Methods {
  const { users, agents, tokens, store } = input;
  return {
    createJoinToken: unary(async ({ name, validMs }, call) => {
      const make = async () => await tokens.create(name || null, Number(validMs));
      return await audited(call, 'join-token', name || 'any name', make);
    }),

    createUser: unary(async ({ name, role }, call) => {
      return await audited(call, 'user-add', `${name} as ${role}`, async () => {
        const made = await users.add(name, role);
        input.signOut(name);
        return { ...made, caPem: input.authority.caPem, address: input.advertised() };
      });
    }),

    listUsers: unary(async () => ({ users: await users.list() })),

    revokeUser: unary(async ({ name }, call) => {
      return await audited(call, 'user-revoke', name, async (by) => {
        await users.revoke(name, by);
        input.signOut(name);
        return {};
      });
    }),

    revokeAgent: unary(async ({ name }, call) => {
      return await audited(call, 'agent-revoke', name, async () => {
        await agents.revoke(name);
        input.fleet.cut(name, revokedAgentError(name));
        return {};
      });
    }),

    renewUser: unary(async ({ csr, takesAuthorities }, call) => {
      const { name } = requireCaller(call);
      const renew = async () => ({
        certificatePem: await users.renew(name, csr, takesAuthorities),
        caPem: input.authority.caPem,
      });
      return await audited(call, 'user-renew', name, renew);
    }),

    readAudit: serverStream(async ({ after }, send) => {
      for (let last = after; ; ) {
        const entries = await store.auditLog(last, AUDIT_PAGE);
        if (entries.length === 0) return;
        await send({ entries });
        last = entries.at(-1)?.number ?? last;
      }
    }),
  };
}
