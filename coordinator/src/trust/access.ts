import { BothendsError } from '@bothends/proto';
import { AgentLinkService, JoinService } from '@bothends/proto/gen/bothends/v1/agent';
import { BothendsService } from '@bothends/proto/gen/bothends/v1/bothends';
import { type Caller, type Role, USER_ROLES, type UserRole } from './identity.js';

/** Who may call a method: anybody (`open`), an agent, or a user of at least this role. */
export type Access = 'open' | Role;

/**
 * The one place that says who may call what. A method that is not listed is refused, so a new one
 * cannot be open by oversight.
 */
export const ACCESS: Readonly<Record<string, Access>> = {
  [JoinService.enrol.path]: 'open',
  [AgentLinkService.control.path]: 'agent',
  [AgentLinkService.ship.path]: 'agent',
  [AgentLinkService.renewAgent.path]: 'agent',
  [AgentLinkService.sendRaw.path]: 'agent',
  [BothendsService.listAgents.path]: 'viewer',
  [BothendsService.listCaptures.path]: 'viewer',
  [BothendsService.watchCapture.path]: 'viewer',
  [BothendsService.getReport.path]: 'viewer',
  [BothendsService.getFlow.path]: 'viewer',
  // A link carries the caller's role or less, so that nobody gains by one.
  [BothendsService.createLoginLink.path]: 'viewer',
  // Everybody renews only themselves; and whether somebody is an owner, each host's policy says.
  [BothendsService.renewUser.path]: 'viewer',
  [BothendsService.approveCapture.path]: 'viewer',
  [BothendsService.startCapture.path]: 'operator',
  [BothendsService.stopCapture.path]: 'operator',
  [BothendsService.exportEvidence.path]: 'operator',
  [BothendsService.exportBundle.path]: 'operator',
  [BothendsService.exportRaw.path]: 'operator',
  [BothendsService.deleteCapture.path]: 'admin',
  [BothendsService.createJoinToken.path]: 'admin',
  [BothendsService.createUser.path]: 'admin',
  [BothendsService.listUsers.path]: 'admin',
  [BothendsService.revokeUser.path]: 'admin',
  [BothendsService.revokeAgent.path]: 'admin',
  [BothendsService.getAuthorities.path]: 'admin',
  [BothendsService.rotateAuthority.path]: 'admin',
  [BothendsService.retireAuthority.path]: 'admin',
  [BothendsService.readAudit.path]: 'admin',
  // Says only that the process serves; load balancers and systemd ask without a certificate.
  '/grpc.health.v1.Health/Check': 'open',
  '/grpc.health.v1.Health/Watch': 'open',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': 'viewer',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': 'viewer',
};

/**
 * Lets a call pass or says why not.
 * @param path full method path, `/bothends.v1.Bothends/GetReport`
 * @param caller null when the peer showed no certificate of our CA
 * @throws BothendsError `unauthenticated` or `permission-denied`
 */
export function authorise(path: string, caller: Caller | null): void {
  const needed = ACCESS[path];
  if (needed === 'open') return;
  if (caller === null) {
    throw new BothendsError(
      'unauthenticated',
      'no valid client certificate of this coordinator was shown: users need its context file (--context), agents ' +
        'must join first; one that has expired, or is of an authority that was retired, counts as none',
    );
  }
  if (needed !== undefined && allows(caller.role, needed)) return;
  const who = needed === undefined ? 'nobody' : needed === 'agent' ? 'agents' : `the role ${needed}`;
  throw new BothendsError(
    'permission-denied',
    `${caller.role} ${caller.name} may not call ${path.split('/').pop()}: it is for ${who}`,
  );
}

/** Whether a user of this role may call a method. */
export function mayCall(path: string, role: Role): boolean {
  const needed = ACCESS[path];
  return needed !== undefined && (needed === 'open' || allows(role, needed));
}

function allows(has: Role, needed: Role): boolean {
  if (has === 'agent' || needed === 'agent') return has === needed;
  return rank(has) >= rank(needed);
}

function rank(role: UserRole): number {
  return USER_ROLES.indexOf(role);
}
