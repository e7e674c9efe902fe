import { describe, expect, test } from 'vitest';
import {
  CoordinatorRun,
  KillStore,
  type Order,
  SimAgent,
  settled,
  VirtualClock,
} from '../../testing/kill-world.js';
import { type Capture, isOver } from '../capture.js';

const DURATION_MS = 20_000;
/** Whoever was killed is back after this. */
const AWAY_MS = 3_000;
/** All that is ever waited for, one after the other: returns, the rest of the recording, the lead-out, silence. */
const BOUND_MS = 20_000 + DURATION_MS + 1_500 + 20_000;

const STATES = ['asking', 'arming', 'armed', 'recording', 'draining'] as const;
type State = (typeof STATES)[number];

/** The order that would lead out of a state. */
const ORDER_OUT: Partial<Record<State, Order>> = {
  arming: 'armed',
  armed: 'recording',
  draining: 'complete',
};

/** A coordinator with two agents and one capture. */
class World {
  readonly clock = new VirtualClock();
  readonly store = new KillStore();
  readonly agents: SimAgent[];
  run: CoordinatorRun | null = null;
  id = '';

  constructor(hello: { consentOwners?: string[] } = {}) {
    this.agents = [new SimAgent('web', hello), new SimAgent('db', hello)];
  }

  get capture(): Capture {
    if (this.run === null) throw new Error('the coordinator is dead');
    return this.run.captures.get(this.id);
  }

  async start(): Promise<void> {
    this.run = await CoordinatorRun.start(this.store, this.clock);
    for (const agent of this.agents) if (agent.alive) agent.connect(this.run);
    await settled();
  }

  /** Leads a new capture into a state; the agents do not yet follow the order that would lead out of it. */
  async lead(state: State): Promise<void> {
    for (const agent of this.agents) agent.holds = ORDER_OUT[state] ?? null;
    this.id = (await this.run?.capture(DURATION_MS)) ?? '';
    await settled();
    if (state !== 'draining') return;
    // Without an answer: a coordinator that is killed gives none.
    void this.run?.captures.stop(this.id, 'alice');
    await settled();
  }

  kill(victims: readonly string[]): void {
    if (victims.includes('coordinator')) {
      this.store.kill();
      for (const agent of this.agents) agent.disconnect();
      this.run = null;
    }
    for (const agent of this.agents) {
      if (victims.includes(agent.name)) agent.kill();
      if (victims.includes(`link of ${agent.name}`)) agent.disconnect();
    }
  }

  /** Those that were killed come back, and everybody goes on. */
  async comeBack(forGood: readonly string[]): Promise<void> {
    for (const agent of this.agents) agent.alive = !forGood.includes(agent.name);
    if (this.run === null) await this.start();
    for (const agent of this.agents) {
      if (agent.alive && !agent.connected && this.run) agent.connect(this.run);
      agent.free();
    }
    await settled();
    if (this.capture.phase.state === 'asking') void this.run?.captures.approve(this.id, 'olga');
  }
}

interface Kill {
  kills: string;
  victims: string[];
  /** The coordinator dies before the state is on disk, and with it before any order that follows. */
  early?: boolean;
  forGood?: string[];
  /** How the capture ends, killed in each of the states. */
  ends: Record<State, string>;
}

const ends = (...[asking, arming, armed, recording, draining]: string[]) =>
  ({ asking, arming, armed, recording, draining }) as Record<State, string>;

const KILLS: Kill[] = [
  {
    kills: 'coordinator, before it wrote the state',
    victims: ['coordinator'],
    early: true,
    ends: ends('failed', 'failed', 'complete', 'complete', 'complete'),
  },
  {
    kills: 'coordinator',
    victims: ['coordinator'],
    ends: ends('complete', 'complete', 'complete', 'complete', 'complete'),
  },
  { kills: 'agent', victims: ['web'], ends: ends('complete', 'failed', 'failed', 'complete', 'partial') },
  {
    kills: 'agent, for good',
    victims: ['web'],
    forGood: ['web'],
    ends: ends('failed', 'failed', 'failed', 'partial', 'partial'),
  },
  {
    kills: 'both agents',
    victims: ['web', 'db'],
    ends: ends('complete', 'failed', 'failed', 'complete', 'partial'),
  },
  {
    kills: 'link of an agent',
    victims: ['link of web'],
    ends: ends('complete', 'failed', 'failed', 'complete', 'complete'),
  },
  {
    kills: 'coordinator and agent',
    victims: ['coordinator', 'web'],
    ends: ends('complete', 'failed', 'failed', 'complete', 'partial'),
  },
  {
    kills: 'coordinator and agent, it for good',
    victims: ['coordinator', 'web'],
    forGood: ['web'],
    ends: ends('failed', 'failed', 'failed', 'partial', 'partial'),
  },
];

const cases = KILLS.flatMap((kill) => STATES.map((state) => ({ ...kill, state })));

describe('whoever is killed when, a capture comes to an end within bounded time', () => {
  test.each(cases)('$state: $kills', async ({ state, victims, early = false, forGood = [], ends }) => {
    const world = new World(state === 'asking' ? { consentOwners: ['olga'] } : {});
    await world.start();
    if (early) world.store.diesWith = ({ phase }) => phase.state === state;
    await world.lead(state);
    expect(world.capture.phase.state).toBe(state);
    world.kill(victims);
    await world.clock.advance(AWAY_MS);
    await world.comeBack(forGood);
    await world.clock.advance(BOUND_MS);
    const { phase, reported } = world.capture;
    expect(phase).toMatchObject({ state: ends[state] });
    // Over means that "report" and "export" have an answer, and that nothing records on for nobody.
    expect(isOver(phase)).toBe(true);
    expect(reported).toBe(phase.state !== 'failed');
    expect(world.store.reports.has(world.id)).toBe(reported);
    for (const { alive, taps } of world.agents) if (alive) expect([...taps]).toEqual([]);
  });

  test.each([
    ['that a tap has delivered all', ({ taps }: Capture) => taps.some(({ drained }) => drained)],
    ['that a tap has ended', ({ taps }: Capture) => taps.some(({ phase }) => phase.state === 'complete')],
    ['that all is over', ({ phase }: Capture) => phase.state === 'complete'],
  ])('the coordinator dies before it wrote %s, and the agents have forgotten their taps', async (_, dies) => {
    const world = new World();
    await world.start();
    await world.lead('recording');
    world.store.diesWith = dies;
    void world.run?.captures.stop(world.id, 'alice');
    await settled();
    world.kill(['coordinator']);
    await world.clock.advance(AWAY_MS);
    await world.comeBack([]);
    await world.clock.advance(BOUND_MS);
    expect(world.capture.phase).toMatchObject({ state: 'complete' });
    expect(world.store.reports.has(world.id)).toBe(true);
  });

  test('a stop that was answered is not forgotten by a restart', async () => {
    const world = new World();
    await world.start();
    await world.lead('recording');
    for (const agent of world.agents) agent.holds = 'complete';
    await world.run?.captures.stop(world.id, 'alice');
    world.kill(['coordinator']);
    await world.comeBack([]);
    expect(['draining', 'complete']).toContain(world.capture.phase.state);
  });
});
