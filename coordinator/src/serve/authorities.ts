import type { BothendsServer } from '@bothends/proto/gen/bothends/v1/bothends';
import type { Rotation } from '../trust/rotation.js';
import type { Audited } from './audit/audited.js';
import { unary } from './unary.js';

type Methods = Pick<BothendsServer, 'getAuthorities' | 'rotateAuthority' | 'retireAuthority'>;

/** What administrators do about the fleet's certificate authority. */
export function authorityMethods(rotation: Rotation, audited: Audited): Methods {
  return {
    getAuthorities: unary(() => rotation.standing()),

    rotateAuthority: unary(async (_request, call) => {
      return await audited(call, 'ca-rotate', 'authority', async () => ({ issuing: await rotation.begin() }));
    }),

    retireAuthority: unary(async ({ force }, call) => {
      return await audited(call, 'ca-retire', force ? 'authority, by force' : 'authority', async () => ({
        leftBehind: await rotation.finish(force),
      }));
    }),
  };
}
