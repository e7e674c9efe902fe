/**
 * The in-line box as a process: `node main.js CLIENT_SIDE_INTERFACE SERVER_SIDE_INTERFACE RULES_JSON`. Frames that
 * come in on one interface go out on the other, as its rules say. Prints what it did as JSON lines, and all counts
 * when SIGTERM ends it.
 */
import { Box, type Emission } from './box.js';
import type { BoxEvent, BoxRules, Toward } from './rules.js';
import { Wire } from './wire.js';

/** How often expired conversations are looked for. */
const EXPIRY_CHECK_MS = 20;

const [clientSide, serverSide, rules] = process.argv.slice(2);
if (!clientSide || !serverSide || !rules) {
  process.stderr.write('usage: main.js CLIENT_SIDE_INTERFACE SERVER_SIDE_INTERFACE RULES_JSON\n');
  process.exit(2);
}

const say = (event: BoxEvent) => process.stdout.write(`${JSON.stringify(event)}\n`);
const box = new Box(JSON.parse(rules) as BoxRules, say);

const receive = (toward: Toward) => (frame: Uint8Array) => emit(box.take(frame, toward, performance.now()));
const wires: Record<Toward, Wire> = {
  'toward-client': new Wire(clientSide, receive('toward-server')),
  'toward-server': new Wire(serverSide, receive('toward-client')),
};

function emit(emissions: readonly Emission[]): void {
  for (const { frame, toward, delayMs } of emissions) {
    if (delayMs > 0) setTimeout(() => wires[toward].send(frame), delayMs);
    else wires[toward].send(frame);
  }
}

setInterval(() => emit(box.expire(performance.now())), EXPIRY_CHECK_MS);
process.on('SIGTERM', () => {
  say({ event: 'counts', counts: box.counts, forwarded: box.forwarded });
  process.exit(0);
});
say({ event: 'ready' });
