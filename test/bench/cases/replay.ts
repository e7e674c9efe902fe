import { once } from 'node:events';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labAvailable } from '../../lab/available.js';
import type { LabConfig } from '../../lab/config.js';
import { Fleet } from '../../lab/fleet.js';
import { Lab } from '../../lab/index.js';
import type { Case, Figure } from '../case.js';
import { isInstalled } from '../measured.js';
import { cpuSeconds, forgetPeak, peakBytes, programName } from '../process-cost.js';
import { MIX_PACKETS, writeMix } from '../traffic/mix.js';
import { findPlayer, type Player } from '../traffic/player.js';

/** Of the agent, the one that it chooses by itself first. */
const BACK_ENDS = ['packet-mmap', 'tcpdump', 'cap'] as const;
/** What is asked of the player; a small machine may not reach the last. */
const RATES = [100_000, 300_000, 500_000] as const;
/** Long enough that starting and stopping does not count. */
const SECONDS = 4;
/** What agents keep of a packet. */
const SNAPLEN = '192';
/** Ring of an agent, in the unit of tcpdump's -B. */
const RING_KIB = '65536';
/** Taps on both hosts have to be on an interface of one name. */
const TAPPED = 'tapped';
/** What is on the way when the player has ended. */
const SETTLE_MS = 500;
/** The coordinator is on another machine in real life: here it gets the CPU that the agent leaves. */
const LEAST_PRIORITY = 19;

/** A player, and a host that is played to; the other end of the capture has a quiet interface of the same name. */
const CONFIG: LabConfig = {
  hosts: ['player', 'server', 'client', 'idle', 'coordinator'].map((name) => ({
    name,
    // Not one packet but the player's.
    sysctls: { 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 },
  })),
  links: [
    {
      ends: [
        { host: 'player', addresses: [] },
        { host: 'server', interface: TAPPED, addresses: [] },
      ],
    },
    {
      ends: [
        { host: 'idle', addresses: [] },
        { host: 'client', interface: TAPPED, addresses: [] },
      ],
    },
  ],
};

/** What one way of capturing did with the same packets. */
interface Outcome {
  readonly lost: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Live capture at full speed: an agent beside tcpdump alone. */
export const replay: Case = {
  name: 'replay',
  title: `a mix of TCP played for ${SECONDS} s to an agent, and to tcpdump -w /dev/null`,
  async run(bench) {
    const { ok, why } = labAvailable();
    const player = findPlayer(bench.folder, MIX_PACKETS);
    const missing = isInstalled('tcpdump') ? 'a C compiler or tcpreplay' : 'tcpdump';
    if (!ok || player === null || !isInstalled('tcpdump')) {
      bench.say(`SKIPPED replay: ${ok ? `${missing} is not installed` : why}`);
      return [];
    }
    const mix = join(bench.folder, 'mix.pcap');
    writeMix(mix);
    await using lab = await Lab.create(CONFIG);
    await using fleet = await Fleet.start(lab);
    for (const pid of await programsIn(lab, 'coordinator')) setPriority(pid, LEAST_PRIORITY);
    // Beside a player that takes a whole core, a nicer agent would measure the scheduler.
    for (const pid of await programsIn(lab, 'server')) setPriority(pid, 0);
    const figures: Figure[] = [];
    for (const backEnd of BACK_ENDS) figures.push(await withoutPackets(lab, fleet, backEnd));
    for (const rate of RATES) {
      bench.say(`replay at ${rate} packets/s by ${player.name}`);
      figures.push(...(await atRate(lab, fleet, new Replay(lab, player, mix, rate))));
    }
    return figures;
  },
};

/** What arming, watching and ending take, which is part of every figure below: filters compiled, processes started. */
async function withoutPackets(lab: Lab, fleet: Fleet, backEnd: string): Promise<Figure> {
  const silence: Traffic = { packets: 0, play: () => sleep(SECONDS * 1000) };
  const { cpuSeconds } = await byAgent(lab, fleet, silence, backEnd);
  return { what: `agent with ${backEnd}: CPU of a capture without packets`, value: cpuSeconds, unit: 's' };
}

async function atRate(lab: Lab, fleet: Fleet, replay: Replay): Promise<Figure[]> {
  const alone = await tcpdumpAlone(lab, replay);
  const at = `${replay.asked / 1000}k/s`;
  const figures = [
    { what: `${at}: really played`, value: replay.rate, unit: 'packets/s' },
    ...figuresOf(`${at}: tcpdump alone`, alone, replay.packets, null),
  ];
  for (const backEnd of BACK_ENDS) {
    const outcome = await byAgent(lab, fleet, replay, backEnd);
    figures.push(...figuresOf(`${at}: agent with ${backEnd}`, outcome, replay.packets, alone));
  }
  return figures;
}

function figuresOf(what: string, outcome: Outcome, packets: number, beside: Outcome | null): Figure[] {
  const ratio = beside === null ? null : outcome.cpuSeconds / beside.cpuSeconds;
  const compared = ratio === null ? {} : { compared: `${ratio.toFixed(1)} times tcpdump alone` };
  const share = `${((100 * outcome.lost) / packets).toFixed(2)} % of ${packets}`;
  return [
    { what: `${what}: lost`, value: outcome.lost, unit: 'packets', compared: share },
    { what: `${what}: CPU`, value: (outcome.cpuSeconds / packets) * 1e6, unit: 'µs/packet', ...compared },
    { what: `${what}: peak memory`, value: outcome.peakBytes / 1e6, unit: 'MB' },
  ];
}

/** Something for a tap to see. */
interface Traffic {
  readonly packets: number;
  play(): Promise<void>;
}

/** The mix played into the tapped interface at one rate. */
class Replay implements Traffic {
  readonly packets: number;
  readonly asked: number;
  /** What the last play reached, packets/s. */
  rate = Number.NaN;
  readonly #lab: Lab;
  readonly #player: Player;
  readonly #mix: string;

  constructor(lab: Lab, player: Player, mix: string, rate: number) {
    this.packets = Math.round((rate * SECONDS) / MIX_PACKETS) * MIX_PACKETS;
    this.asked = rate;
    this.#lab = lab;
    this.#player = player;
    this.#mix = mix;
  }

  async play(): Promise<void> {
    const host = this.#lab.host('player');
    const command = this.#player.command(host.interface('server'), this.#mix, this.asked, this.packets);
    this.rate = this.#player.reached(await host.check(command), this.packets);
    await sleep(SETTLE_MS);
  }
}

async function tcpdumpAlone(lab: Lab, replay: Replay): Promise<Outcome> {
  const argv = [
    'tcpdump',
    '-n',
    '-i',
    TAPPED,
    '-s',
    SNAPLEN,
    '-B',
    RING_KIB,
    '-Z',
    'root',
    '-w',
    '/dev/null',
  ];
  const child = lab.host('server').spawn(argv);
  const pid = child.pid ?? 0;
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child.stderr ?? child, 'data');
  await replay.play();
  const [cpu, peak] = [cpuSeconds(pid), peakBytes(pid)];
  const ended = once(child, 'close');
  child.kill('SIGINT');
  await ended;
  const captured = Number(/(\d+) packets? captured/.exec(said)?.[1]);
  return { lost: replay.packets - captured, cpuSeconds: cpu, peakBytes: peak };
}

async function byAgent(lab: Lab, fleet: Fleet, traffic: Traffic, backEnd: string): Promise<Outcome> {
  const [pid = 0] = await programsIn(lab, 'server');
  const name = `replay-${backEnd}-${traffic.packets}`;
  const before = cpuSeconds(pid);
  forgetPeak(pid);
  const options = ['-i', TAPPED, '--back-end', backEnd, '--no-marker', '--name', name];
  const capture = fleet.capture(['client', 'server', ...options]);
  await capture.recording();
  await traffic.play();
  await capture.stop();
  const tap = (await fleet.report(name)).taps.find(({ role }) => role === 'server');
  return {
    lost: traffic.packets - (tap?.packets ?? 0),
    cpuSeconds: cpuSeconds(pid) - before,
    peakBytes: peakBytes(pid),
  };
}

/** Ours in a host; others come and go, the one that lists them for one. */
async function programsIn(lab: Lab, host: string): Promise<number[]> {
  const { namespace } = lab.host(host);
  const text = await lab.host(host).check(['ip', 'netns', 'pids', namespace]);
  return text.split('\n').filter(Boolean).map(Number).filter(isNode);
}

function isNode(pid: number): boolean {
  return programName(pid).startsWith('node');
}
