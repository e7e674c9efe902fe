import type { ErrorCode } from './error.js';

/** Errors of the system (errno) on opening or reading a file, for people. */
const KNOWN: Readonly<Record<string, { code: ErrorCode; why: string }>> = {
  ENOENT: { code: 'not-found', why: 'there is no such file' },
  ENOTDIR: { code: 'not-found', why: 'there is no such file' },
  EISDIR: { code: 'invalid-argument', why: 'it is a directory' },
  EACCES: { code: 'permission-denied', why: 'this user may not read it' },
  EPERM: { code: 'permission-denied', why: 'this user may not read it' },
};

/** Why a file cannot be read, from what the system said: a code, and the end of a sentence. */
export function readFailure(thrown: unknown): { code: ErrorCode; why: string } {
  const { code = '', message = String(thrown) } = thrown as { code?: string; message?: string };
  return KNOWN[code] ?? { code: 'unavailable', why: message };
}
