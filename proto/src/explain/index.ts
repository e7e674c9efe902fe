import type { VerdictCode } from '../report/codes.js';
import { APPLICATION } from './application.js';
import { ENDURANCE } from './endurance.js';
import { HANDSHAKE } from './handshake.js';
import { LOSS } from './loss.js';
import { PATH } from './path.js';
import { RESET } from './reset.js';
import type { Explanation } from './types.js';

export type { Explanation } from './types.js';

/** What each verdict means and what to do about it. A verdict without an entry fails the build. */
export const EXPLANATIONS: Readonly<Record<VerdictCode, Explanation>> = {
  ...RESET,
  ...HANDSHAKE,
  ...LOSS,
  ...PATH,
  ...ENDURANCE,
  ...APPLICATION,
};

/** What to do first about a verdict, for its cause where that is known. */
export function remedyOf(code: VerdictCode, cause: string | null): string | null {
  const { action, actionByCause } = EXPLANATIONS[code];
  return (cause === null ? undefined : actionByCause?.[cause]) ?? action[0] ?? null;
}
