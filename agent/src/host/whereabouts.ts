import { hostname, networkInterfaces } from 'node:os';

/** A change is known to the coordinator before somebody who made it can start a capture by hand. */
const LOOK_MS = 2000;

/** Calls back when this host's name or one of its addresses has changed, until the returned function is called. */
export function watchWhereabouts(changed: () => void): () => void {
  let last = whereabouts();
  const timer = setInterval(() => {
    const now = whereabouts();
    if (now === last) return;
    last = now;
    changed();
  }, LOOK_MS);
  return () => clearInterval(timer);
}

function whereabouts(): string {
  return JSON.stringify([hostname(), networkInterfaces()]);
}
