import { converse, drawScript } from '../apps.js';
import { type Expiry, forgetful } from '../devices/firewall.js';
import { SECOND } from '../sim/scheduler.js';
import { happened, type Kind, mainFlow, type Plot, somewhere, when } from './kind.js';

const LENGTH_NS = 900 * SECOND;

/** A device forgets the connection between two requests; what it does then is the kind. */
function idle(expiry: Expiry): Kind['plot'] {
  return (random, environment): Plot => {
    const timeoutNs = random.pick([30, 60, 120, 240, 350]) * SECOND;
    const gaps = [0.2, 0.5, 0.9, random.between(1.05, 1.6)].map((share) => share * timeoutNs);
    return {
      devices: [
        forgetful(somewhere(random, environment), timeoutNs, expiry, { ttl: random.pick([64, 128, 255]) }),
      ],
      play(world) {
        const pauseNs = (index: number) => (index === 0 ? 0 : gaps[index - 1]);
        const response = () => world.payload(500);
        converse(world, drawScript(world, { requests: 5, pauseNs, response, ending: 'stays-open' }));
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'forgotten'),
          expiry === 'reset-both'
            ? { code: 'rst-forged', flow: mainFlow(world), direction: 'both', grade: 'likely' }
            : { code: 'idle-timeout', flow: mainFlow(world), grade: 'likely' },
        ),
    };
  };
}

export const IDLE_KINDS: readonly Kind[] = [
  { name: 'idle-dropped', lengthNs: LENGTH_NS, plot: idle('drop') },
  { name: 'idle-rejected', lengthNs: LENGTH_NS, plot: idle('reject-sender') },
  { name: 'idle-reset-both', lengthNs: LENGTH_NS, plot: idle('reset-both') },
];
