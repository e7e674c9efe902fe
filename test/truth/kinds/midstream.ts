import type { Environment } from '../environment.js';
import { MS, SECOND } from '../sim/scheduler.js';
import { NO_TAP_FAULT } from '../sim/tap.js';
import type { Side } from '../wire/packets.js';
import { happened, type Kind, mainFlow, when } from './kind.js';
import { longTalk } from './resets.js';

/**
 * Both captures begin when the connection is long established, not at the same moment, and an address translation that
 * shifts sequence numbers lies between: nothing but what is said in passing tells that the two are one connection.
 */

const LENGTH_NS = 8 * SECOND;
const STARTS = { client: 150 * MS, server: 400 * MS } as const;
/** Any number does that is no multiple of a segment. */
const SHIFT = 987_654_321;

/** Long enough snaplen that both taps hold the first bytes of payload, which is all that is left to know it by. */
const PAYLOAD_SNAPLEN = 256;

function midstream(environment: Environment): Environment {
  const { snaplen, family } = environment;
  const fault = (side: Side) => ({ ...NO_TAP_FAULT, startNs: STARTS[side] });
  return {
    ...environment,
    nat: family === 4,
    virtualServer: false,
    sequenceShift: SHIFT,
    faults: { client: fault('client'), server: fault('server') },
    snaplen: {
      client: Math.max(snaplen.client, PAYLOAD_SNAPLEN),
      server: Math.max(snaplen.server, PAYLOAD_SNAPLEN),
    },
  };
}

export const MIDSTREAM_KINDS: readonly Kind[] = [
  {
    name: 'mid-stream',
    lengthNs: LENGTH_NS,
    prepare: midstream,
    plot: (random) => ({
      devices: [],
      play(world) {
        const talk = longTalk(world, { requests: 40, pauseNs: () => 100 * MS, ending: 'stays-open' });
        world.scheduler.after(random.between(3 * SECOND, 4 * SECOND), () => talk.client.abort());
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'rst-sent' && deed.by === 'client'),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'client', grade: 'strong' },
        ),
    }),
  },
];
