import { MS, SECOND } from '../sim/scheduler.js';
import { Flag, has, type Side } from '../wire/packets.js';
import type { World } from '../world.js';
import type { Kind, Plot } from './kind.js';
import { longTalk, reconnect, routerReject } from './resets.js';

/**
 * Genuine RSTs that their sender's own tap misses, and nothing else: the trap for every tool that trusts absence.
 * Nothing is expected of these but silence, or doubt.
 */

const LENGTH_NS = 8 * SECOND;

/** The sender's own tap misses exactly its RSTs: the trap for every tool that trusts absence. */
function missResets(world: World, side: Side): void {
  const host = side === 'client' ? world.client : world.server;
  const { tap } = host.nic;
  const own = side === 'client' ? world.addresses.client : world.addresses.server;
  const misses = (packet: { source: string }) => packet.source === own;
  tap.fault = { ...tap.fault, misses: (packet) => has(packet, Flag.rst) && misses(packet) };
}

/** One end aborts; `after` goes on from there. */
function abortMissed(
  side: Side,
  after: (world: World, talk: ReturnType<typeof longTalk>) => void = () => {},
): Kind['plot'] {
  return (random): Plot => ({
    devices: [],
    play(world) {
      const talk = longTalk(world, { ending: 'stays-open' });
      missResets(world, side);
      world.scheduler.after(random.between(50 * MS, 900 * MS), () => {
        (side === 'client' ? talk.client : talk.server)?.abort();
        after(world, talk);
      });
    },
    expect: () => [],
  });
}

/** The same tuple comes back at once: its packets must not pass for those of the connection that was reset. */
function comeBack(world: World, talk: ReturnType<typeof longTalk>): void {
  world.scheduler.after(world.random.between(1 * MS, 400 * MS), () => {
    const again = reconnect(world, talk);
    again.on.established = () => again.write(world.payload(300));
  });
}

/** A RST forged toward one end, and the genuine one that it breeds at that end, missed: not forged toward both. */
function echoMissed(): Kind['plot'] {
  const reject = routerReject('toward-server');
  return (random, environment) => {
    const plot = reject(random, environment);
    return {
      ...plot,
      play(world) {
        missResets(world, 'server');
        plot.play(world);
      },
    };
  };
}

export const TRAP_KINDS: readonly Kind[] = [
  { name: 'abort-missed-by-client-tap', lengthNs: LENGTH_NS, plot: abortMissed('client') },
  { name: 'abort-missed-by-server-tap', lengthNs: LENGTH_NS, plot: abortMissed('server') },
  { name: 'abort-missed-and-back', lengthNs: LENGTH_NS, plot: abortMissed('client', comeBack) },
  { name: 'echo-missed-by-server-tap', lengthNs: LENGTH_NS, plot: echoMissed() },
];
