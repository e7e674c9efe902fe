import { converse, drawScript } from '../apps.js';
import { proxying } from '../devices/proxy.js';
import { synProxying } from '../devices/syn-proxy.js';
import type { Environment } from '../environment.js';
import { SECOND } from '../sim/scheduler.js';
import { type Kind, keepsPayload, mainFlow, somewhere, when } from './kind.js';

const LENGTH_NS = 10 * SECOND;

/** Proxies copy segments as they come: large frames would not fit the other leg, and offload would merge them. */
const atOrdinarySize = (environment: Environment): Environment => ({
  ...environment,
  sequenceShift: 0,
  tcp: {
    client: { ...environment.tcp.client, mss: 1_460, ecn: false },
    server: { ...environment.tcp.server, mss: 1_460, ecn: false },
  },
});

export const PROXY_KINDS: readonly Kind[] = [
  {
    name: 'proxied',
    lengthNs: LENGTH_NS,
    prepare: atOrdinarySize,
    plot(random, environment) {
      const serverPort = random.integer(5_000, 9_000);
      const router = somewhere(random, environment);
      return {
        devices: [proxying({ router, tcp: environment.tcp.server, serverPort })],
        play: (world) => void converse(world, drawScript(world, { serverPort, ending: 'client-closes' })),
        // That both connections carry the same payload is the only proof.
        expect: (world) =>
          when(keepsPayload(environment), {
            code: 'proxy-terminated',
            flow: mainFlow(world),
            grade: 'likely',
          }),
      };
    },
  },
  {
    name: 'syn-proxied',
    lengthNs: LENGTH_NS,
    prepare: atOrdinarySize,
    plot: (random, environment) => ({
      devices: [synProxying(somewhere(random, environment))],
      play: (world) => void converse(world, drawScript(world, { ending: 'client-closes' })),
      expect: (world) => [{ code: 'syn-ack-forged', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
];
