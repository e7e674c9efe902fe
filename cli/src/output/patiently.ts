import type { Io } from '../io.js';

/** After this long a person wonders whether anything happens. */
const WONDER_MS = 1000;
/** Carriage return, and the line cleared to its end (ECMA-48 EL). */
const ERASE_LINE = '\r\u001b[K';

/** Waits for `work`. When that takes long, a terminal says what for until it is done. */
export async function patiently<T>(io: Io, what: string, work: Promise<T>): Promise<T> {
  if (!io.stderr.isTTY) return work;
  let said = false;
  const timer = setTimeout(() => {
    said = true;
    io.stderr.write(`${what} …`);
  }, WONDER_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    if (said) io.stderr.write(ERASE_LINE);
  }
}
