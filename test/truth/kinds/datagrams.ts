import { playControl } from '../apps.js';
import { cutting } from '../devices/hole.js';
import { blocking, lossy } from '../devices/loss.js';
import type { Environment } from '../environment.js';
import { DNS_TYPE, dnsAnswer, dnsQuery } from '../messages.js';
import type { AppEvent, FlowLedger } from '../sim/ledger.js';
import { MS, SECOND } from '../sim/scheduler.js';
import type { Direction } from '../wire/packets.js';
import type { World } from '../world.js';
import { type Expectation, happened, type Kind, mainFlow, somewhere, when } from './kind.js';

const LENGTH_NS = 12 * SECOND;
const DNS_PORT = 53;
/** The resolver of glibc asks again after 5 s, twice in all. */
const DNS_RETRY_NS = 5 * SECOND;
const NAME = 'www.example.org';

function openUdp(world: World, serverPort: number): { flow: FlowLedger; send: (data: Uint8Array) => void } {
  const localPort = world.takePort();
  const flow = world.ledger.open('udp', localPort, serverPort);
  const { client } = world.addresses;
  const tuple = { local: client, localPort, remote: world.serverAddress, remotePort: serverPort };
  world.client.bind(localPort, () => {});
  return { flow, send: (data) => world.client.sendDatagram(tuple, data) };
}

/** Answers each datagram with what `reply` makes of it; null stays silent. */
function serveUdp(world: World, port: number, reply: (data: Uint8Array) => Uint8Array | null): void {
  world.server.bind(port, (data, packet) => {
    const answer = reply(data);
    if (!answer || packet.transport.protocol !== 'udp') return;
    const tuple = {
      local: packet.destination,
      localPort: port,
      remote: packet.source,
      remotePort: packet.transport.sourcePort,
    };
    world.scheduler.after(MS, () => world.server.sendDatagram(tuple, answer));
  });
}

/** A resolver asked for A or AAAA; it answers with `rcode`, or not at all. `again`: the client repeats its query. */
function askDns(world: World, rcode: number | null, again = rcode === null): void {
  const type = world.random.pick([DNS_TYPE.a, DNS_TYPE.aaaa]);
  const id = world.random.integer(0, 0xffff);
  serveUdp(world, DNS_PORT, () => (rcode === null ? null : dnsAnswer(id, NAME, type, rcode)));
  const { send } = openUdp(world, DNS_PORT);
  send(dnsQuery(id, NAME, type));
  playControl(world);
  if (again) world.scheduler.after(DNS_RETRY_NS, () => send(dnsQuery(id, NAME, type)));
}

function note(world: World, event: AppEvent): void {
  world.ledger.noteFlow(mainFlow(world), { what: 'app', event, side: 'server' });
}

/** DNS whose question or answer dies on the path. */
function dnsLost(toward: Direction): Kind['plot'] {
  return (random, environment) => ({
    devices: [blocking(somewhere(random, environment), toward, ['datagram'])],
    play(world) {
      askDns(world, 0, true);
      note(world, 'unanswered');
    },
    expect: (world): Expectation[] => [
      { code: 'dns-unanswered', flow: mainFlow(world), direction: toward, grade: 'likely' },
    ],
  });
}

/** Datagrams both ways, each of them distinct. */
function chatter(world: World, count: number, answers: boolean, bytes = 160): void {
  const port = world.random.integer(5_000, 9_000);
  serveUdp(world, port, () => (answers ? world.payload(Math.round(bytes * 0.75)) : null));
  const { send } = openUdp(world, port);
  for (let index = 0; index < count; index++) {
    world.scheduler.after(index * 20 * MS, () => send(world.payload(bytes)));
  }
}

/** Datagrams that all say the same, as beacons and pings of games do, and answers that all say the same. */
function beacons(world: World, count: number): void {
  const port = world.random.integer(5_000, 9_000);
  const [question, answer] = [world.payload(48), world.payload(32)];
  serveUdp(world, port, () => answer);
  const { send } = openUdp(world, port);
  const pause = world.random.scale(0.5 * MS, 100 * MS);
  for (let index = 0; index < count; index++) world.scheduler.after(index * pause, () => send(question));
}

const behindNat = (environment: Environment): Environment => ({ ...environment, family: 4, nat: true });

/** Datagrams of several fragments: IPv4, whose senders number them, and no translation, which would put them together. */
const inPieces = (environment: Environment): Environment => ({
  ...environment,
  family: 4,
  nat: false,
  virtualServer: false,
  renumbering: 'none',
  identification: { client: 'counting', server: 'counting' },
});

/** Bytes of a datagram that takes two to six fragments. */
const LARGE = { from: 2_200, to: 8_000 } as const;

export const DATAGRAM_KINDS: readonly Kind[] = [
  {
    name: 'dns-healthy',
    lengthNs: LENGTH_NS,
    plot: () => ({ devices: [], play: (world) => askDns(world, 0), expect: () => [] }),
  },
  { name: 'dns-query-lost', lengthNs: LENGTH_NS, plot: dnsLost('toward-server') },
  { name: 'dns-answer-lost', lengthNs: LENGTH_NS, plot: dnsLost('toward-client') },
  {
    name: 'dns-silent',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        askDns(world, null);
        note(world, 'unanswered');
      },
      expect: (world) => [{ code: 'dns-unanswered', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'dns-failed',
    lengthNs: LENGTH_NS,
    plot: (random) => ({
      devices: [],
      play(world) {
        askDns(world, random.pick([2, 3]));
        note(world, 'dns-failed');
      },
      expect: (world) => [{ code: 'dns-failed', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
  {
    name: 'udp-healthy',
    lengthNs: LENGTH_NS,
    plot: () => ({ devices: [], play: (world) => chatter(world, 40, true), expect: () => [] }),
  },
  {
    name: 'healthy-udp-fragments',
    lengthNs: LENGTH_NS,
    prepare: inPieces,
    plot: (random) => ({
      devices: [],
      play: (world) => chatter(world, 30, true, random.integer(LARGE.from, LARGE.to)),
      expect: () => [],
    }),
  },
  {
    name: 'udp-fragments-lost',
    lengthNs: LENGTH_NS,
    prepare: inPieces,
    plot(random, environment) {
      const toward = random.pick<Direction>(['toward-server', 'toward-client']);
      return {
        devices: [lossy(somewhere(random, environment), toward, ['datagram'], random.scale(0.02, 0.15))],
        play: (world) => chatter(world, 60, true, random.integer(LARGE.from, LARGE.to)),
        expect: (world) =>
          when(
            happened(world, (deed) => deed.what === 'path-dropped'),
            { code: 'udp-lost', flow: mainFlow(world), direction: toward, grade: 'likely' },
          ),
      };
    },
  },
  {
    name: 'udp-lost',
    lengthNs: LENGTH_NS,
    plot(random, environment) {
      const toward = random.pick<Direction>(['toward-server', 'toward-client']);
      return {
        devices: [lossy(somewhere(random, environment), toward, ['datagram'], random.scale(0.03, 0.3))],
        play: (world) => chatter(world, 120, true),
        expect: (world) =>
          when(
            happened(world, (deed) => deed.what === 'path-dropped'),
            { code: 'udp-lost', flow: mainFlow(world), direction: toward, grade: 'likely' },
          ),
      };
    },
  },
  {
    name: 'healthy-udp-beacons',
    lengthNs: LENGTH_NS,
    prepare: behindNat,
    plot: () => ({ devices: [], play: (world) => beacons(world, 60), expect: () => [] }),
  },
  {
    name: 'udp-beacons-lost',
    lengthNs: LENGTH_NS,
    prepare: behindNat,
    plot(random, environment) {
      const toward = random.pick<Direction>(['toward-server', 'toward-client']);
      return {
        devices: [lossy(somewhere(random, environment), toward, ['datagram'], random.scale(0.03, 0.3))],
        play: (world) => beacons(world, 120),
        // Equal datagrams leave open which of them were lost, and past a few whether any was.
        expect: (world) =>
          when(
            happened(world, (deed) => deed.what === 'path-dropped'),
            { code: 'udp-lost', flow: mainFlow(world), direction: toward, grade: 'possible' },
          ),
      };
    },
  },
  {
    name: 'healthy-udp-cut-on-path',
    lengthNs: LENGTH_NS,
    prepare: inPieces,
    plot: (random, environment) => ({
      devices: [cutting(somewhere(random, environment), random.integer(600, 1_300))],
      play: (world) => chatter(world, 30, true, random.integer(700, 1_400)),
      expect: () => [],
    }),
  },
  {
    name: 'udp-unanswered',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        chatter(world, 12, false);
        note(world, 'unanswered');
      },
      // Many a UDP protocol has no answers: silence alone is no more than possible trouble.
      expect: (world) => [{ code: 'udp-unanswered', flow: mainFlow(world), grade: 'possible' }],
    }),
  },
  {
    name: 'udp-port-closed',
    lengthNs: LENGTH_NS,
    plot: () => ({
      devices: [],
      play(world) {
        const { send } = openUdp(world, world.random.integer(5_000, 9_000));
        for (let index = 0; index < 4; index++)
          world.scheduler.after(index * SECOND, () => send(world.payload(80)));
        note(world, 'unanswered');
      },
      expect: (world) => [{ code: 'icmp-error', flow: mainFlow(world), grade: 'likely' }],
    }),
  },
];
