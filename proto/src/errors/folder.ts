import { BothendsError, type ErrorCode } from './error.js';

/** Errors of the system (errno) that a person can do something about. */
const KNOWN: Readonly<Record<string, { code: ErrorCode; why: string }>> = {
  ENOSPC: { code: 'resource-exhausted', why: 'its disk is full: make room, or use another' },
  EDQUOT: { code: 'resource-exhausted', why: 'the disk quota is used up: make room, or use another' },
  EACCES: {
    code: 'permission-denied',
    why: 'this user may not write there: give it the right, or use another',
  },
  EPERM: {
    code: 'permission-denied',
    why: 'this user may not write there: give it the right, or use another',
  },
  EROFS: { code: 'failed-precondition', why: 'its file system is read-only: use another' },
  EEXIST: { code: 'invalid-argument', why: 'it is a file, not a folder: use another' },
  ENOTDIR: { code: 'invalid-argument', why: 'a file is in its way, where a folder has to be: use another' },
};

/** Why a folder of data cannot be used, from what the system said of it. Our own errors stay as they are. */
export function folderError(folder: string, thrown: unknown): BothendsError {
  if (thrown instanceof BothendsError) return thrown;
  const { code = '', message = String(thrown) } = thrown as { code?: string; message?: string };
  const known = KNOWN[code] ?? { code: 'failed-precondition' as const, why: message };
  return new BothendsError(known.code, `the data folder ${folder} cannot be used: ${known.why}`, {
    cause: thrown,
  });
}
