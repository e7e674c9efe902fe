import { type Logger, pino } from 'pino';

/** JSON lines on stderr, so that stdout stays data. Synchronous: a dying process still says why. */
export function stderrLogger(name: string, level: string): Logger {
  return pino({ name, level }, pino.destination({ dest: 2, sync: true }));
}
