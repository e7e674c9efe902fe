import { toBothendsError } from '@bothends/proto';
import { type AuthenticatedCall, requireCaller } from '../guard/caller.js';
import type { Audit } from './audit.js';

/** Runs an action in the caller's name and writes down how it went. */
export type Audited = <Result>(
  call: AuthenticatedCall,
  action: string,
  subject: string,
  run: (by: string) => Promise<Result> | Result,
  /** What is worth knowing of how it went. */
  detail?: (result: Result) => string,
) => Promise<Result>;

/** Runs actions in callers' names and writes each down in this log. */
export function audited(log: Audit): Audited {
  return async (call, action, subject, run, detail) => {
    const { name } = requireCaller(call);
    try {
      const result = await run(name);
      await log.record(name, action, subject, 'done', detail?.(result));
      return result;
    } catch (error) {
      const { code, message } = toBothendsError(error);
      await log.record(name, action, subject, code === 'permission-denied' ? 'refused' : 'failed', message);
      throw error;
    }
  };
}
