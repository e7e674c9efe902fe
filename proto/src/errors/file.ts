import type { ErrorCode } from './error.js';

/** Errors of the system (errno), for people. */
type Known = Readonly<Record<string, { code: ErrorCode; why: string }>>;

const UNREADABLE: Known = {
  ENOENT: { code: 'not-found', why: 'there is no such file' },
  ENOTDIR: { code: 'not-found', why: 'there is no such file' },
  EISDIR: { code: 'invalid-argument', why: 'it is a directory' },
  EACCES: { code: 'permission-denied', why: 'this user may not read it' },
  EPERM: { code: 'permission-denied', why: 'this user may not read it' },
};

/** Why a file cannot be read, from what the system said: a code, and the end of a sentence. */
export function readFailure(thrown: unknown): { code: ErrorCode; why: string } {
  const { code = '', message = String(thrown) } = thrown as { code?: string; message?: string };
  return UNREADABLE[code] ?? { code: 'unavailable', why: message };
}

const UNWRITABLE: Known = {
  ENOENT: { code: 'failed-precondition', why: 'there is no such folder' },
  ENOTDIR: { code: 'failed-precondition', why: 'there is no such folder' },
  EISDIR: { code: 'failed-precondition', why: 'it is a directory' },
  EACCES: { code: 'permission-denied', why: 'this user may not write there' },
  EPERM: { code: 'permission-denied', why: 'this user may not write there' },
  EROFS: { code: 'failed-precondition', why: 'its file system is read-only' },
  ENOSPC: { code: 'resource-exhausted', why: 'its disk is full' },
  EDQUOT: { code: 'resource-exhausted', why: 'the disk quota is used up' },
};

/** Why a file cannot be written, from what the system said: a code, and the end of a sentence. */
export function writeFailure(thrown: unknown): { code: ErrorCode; why: string } {
  const { code = '', message = String(thrown) } = thrown as { code?: string; message?: string };
  return UNWRITABLE[code] ?? { code: 'failed-precondition', why: message };
}
