import { type Conversation, converse, drawScript, type Script } from '../apps.js';
import { injecting } from '../devices/injector.js';
import type { Environment } from '../environment.js';
import { clientHello, httpRequest, httpResponse, serverHello, tlsAlert } from '../messages.js';
import { MS, SECOND } from '../sim/scheduler.js';
import type { World } from '../world.js';
import { happened, type Kind, keepsPayload, mainFlow, somewhere, when } from './kind.js';

const LENGTH_NS = 15 * SECOND;
const TLS_PORT = 443;
const HTTP_PORT = 80;
const HANDSHAKE_FAILURE = 40;

/** A TLS handshake and some records, as far as a capture shows. */
function tlsScript(world: World, changes: Partial<Script> = {}): Script {
  const { random } = world;
  return drawScript(world, {
    serverPort: TLS_PORT,
    requests: 3,
    request: (index) => (index === 0 ? clientHello('shop.example', random.bytes(32)) : world.payload(300)),
    response: (index) =>
      index === 0 ? serverHello(random.bytes(32), world.payload(1_800)) : world.payload(900),
    ending: 'client-closes',
    ...changes,
  });
}

/** A buffer that an upload of a few hundred kB fills. */
const withSmallBuffer = (environment: Environment): Environment => ({
  ...environment,
  tcp: {
    client: { ...environment.tcp.client, mss: 1_460 },
    server: { ...environment.tcp.server, receiveBuffer: 65_535, mss: 1_460 },
  },
});

function aboutServer(talk: Conversation, act: (server: NonNullable<Conversation['server']>) => void): void {
  if (talk.server) act(talk.server);
}

export const APPLICATION_KINDS: readonly Kind[] = [
  {
    name: 'zero-window',
    lengthNs: LENGTH_NS,
    prepare: withSmallBuffer,
    plot: (random) => ({
      devices: [],
      play(world) {
        const request = () => world.payload(180_000);
        const talk = converse(world, drawScript(world, { requests: 1, request, pauseNs: () => 500 * MS }));
        const stalls = world.environment.path.delayNs['toward-server'] + 300 * MS;
        world.scheduler.after(stalls, () => aboutServer(talk, (server) => server.read(false)));
        world.scheduler.after(random.between(3, 8) * SECOND, () =>
          aboutServer(talk, (server) => server.read(true)),
        );
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'zero-window'),
          { code: 'zero-window', flow: mainFlow(world), sender: 'server', grade: 'likely' },
        ),
    }),
  },
  {
    name: 'peer-silent',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const talk = converse(
          world,
          drawScript(world, { requests: 6, pauseNs: () => 400 * MS, ending: 'stays-open' }),
        );
        world.scheduler.after(1_500 * MS, () => {
          world.server.ingress = () => 'drop';
          world.ledger.noteFlow(talk.flow, { what: 'app', event: 'silent', side: 'server' });
        });
      },
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'host-dropped' && deed.role === 'data'),
          { code: 'peer-silent', flow: mainFlow(world), grade: 'likely' },
        ),
    }),
  },
  {
    name: 'slow-server',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play: (world) =>
        void converse(world, drawScript(world, { requests: 3, thinkNs: random.between(1.5, 3) * SECOND })),
      expect: (world) => [{ code: 'slow-server', flow: mainFlow(world), grade: 'possible' }],
    }),
  },
  {
    name: 'one-of-many',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play(world) {
        const victim = converse(world, drawScript(world, { requests: 6, ending: 'stays-open' }));
        for (let index = 0; index < 20; index++) {
          const serverPort = 9_100 + index;
          const delay = random.between(0, 2 * SECOND);
          const response = () => world.payload(random.integer(50, 4_000));
          world.scheduler.after(
            delay,
            () => void converse(world, drawScript(world, { serverPort, response })),
          );
        }
        world.scheduler.after(random.between(300 * MS, SECOND), () =>
          aboutServer(victim, (server) => server.abort()),
        );
      },
      expect: (world) =>
        when(
          happened(
            world,
            (deed) => deed.what === 'rst-sent' && deed.by === 'server' && deed.cause === 'abort',
          ),
          { code: 'rst-genuine', flow: mainFlow(world), sender: 'server', grade: 'strong' },
        ),
    }),
  },
  {
    name: 'tls-healthy',
    lengthNs: LENGTH_NS,
    plot: () => ({ devices: [], play: (world) => void converse(world, tlsScript(world)), expect: () => [] }),
  },
  {
    name: 'tls-hello-reset',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [
        injecting({
          router: somewhere(random, environment),
          burst: { offsets: [0, 0, 0], acknowledges: true, ttl: () => 64, window: 0, reactionNs: 20_000 },
          toward: ['toward-client', 'toward-server'],
          inline: random.chance(0.5),
          // A handshake record that begins with a ClientHello.
          triggers: ({ transport: { data } }) => data[0] === 22 && data[5] === 1,
          event: 'hello-reset',
        }),
      ],
      play: (world) => void converse(world, tlsScript(world)),
      expect: (world) =>
        when(
          happened(world, (deed) => deed.what === 'app' && deed.event === 'hello-reset'),
          { code: 'tls-hello-reset', flow: mainFlow(world), grade: 'likely' },
        ),
    }),
  },
  {
    name: 'tls-alert',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const response = () => tlsAlert(HANDSHAKE_FAILURE);
        const { flow } = converse(
          world,
          tlsScript(world, { requests: 1, response, ending: 'server-closes' }),
        );
        world.ledger.noteFlow(flow, { what: 'app', event: 'tls-alert', side: 'server' });
      },
      expect: (world) => [{ code: 'tls-alert', flow: mainFlow(world), sender: 'server', grade: 'likely' }],
    }),
  },
  {
    name: 'http-healthy',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play: (world) => playHttp(world, 1),
      expect: () => [],
    }),
  },
  {
    name: 'http-body-cut',
    lengthNs: LENGTH_NS,
    plot: (random, environment) => ({
      devices: [],
      play(world) {
        playHttp(world, random.between(0.1, 0.9));
        world.ledger.noteFlow(mainFlow(world), { what: 'app', event: 'http-cut', side: 'server' });
      },
      // The length is declared in the head, which a short snaplen cuts off.
      expect: (world) =>
        when(keepsPayload(environment), { code: 'http-body-cut', flow: mainFlow(world), grade: 'likely' }),
    }),
  },
];

/** One HTTP exchange whose body delivers `share` of what its head declares, and then ends. */
function playHttp(world: World, share: number): void {
  const declared = world.random.integer(2_000, 60_000);
  const response = () => httpResponse(declared, world.payload(Math.floor(declared * share)));
  const request = () => httpRequest('/archive.bin');
  const script = { serverPort: HTTP_PORT, requests: 1, request, response, ending: 'server-closes' as const };
  converse(world, drawScript(world, script));
}
