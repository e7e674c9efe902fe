import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../lab/describe.js';
import { Fleet } from '../lab/fleet.js';
import { chain, type EndpointProcess, Lab } from '../lab/index.js';

/** Long enough for a lost stream to be noticed and opened again. */
const AFTER_RESTART_MS = 3_000;

interface Conversation {
  client: EndpointProcess;
  /** Resolves when both ends are gone. */
  over: Promise<void>;
}

describeLab('a capture over real agents', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  /** A connection that sends a kilobyte at every word `go`, so many times. */
  async function conversation(port: number, times: number): Promise<Conversation> {
    const server = lab.host('server').endpoint({ role: 'listen', port, steps: [{ do: 'echo' }] });
    await server.waitFor('listening');
    const client = lab.host('client').endpoint({
      role: 'connect',
      address: lab.host('server').address(),
      port,
      steps: Array.from({ length: times }, () => [
        { do: 'await', word: 'go' } as const,
        { do: 'send', bytes: 1_000 } as const,
        { do: 'receive', bytes: 1_000 } as const,
      ]).flat(),
    });
    await client.waitFor('connected');
    // With the server's end its last packets have been sent, too.
    return { client, over: client.exited.then(() => server.stop()) };
  }

  async function exchange({ client }: Conversation, nth: number): Promise<void> {
    client.tell('go');
    await client.waitFor('received', { count: nth });
  }

  /** Starts an independent tcpdump at both ends; the result stops them and gives what they counted. */
  async function countIndependently(port: number): Promise<() => Promise<number[]>> {
    const filter = `tcp port ${port}`;
    const recordings = await Promise.all(
      ['client', 'server'].map((end) => lab.host(end).record('/dev/null', { filter })),
    );
    return async () =>
      (await Promise.all(recordings.map((each) => each.stop()))).map(({ captured }) => captured);
  }

  /** Packets of the one TCP flow of a capture, at client and server. */
  async function countsOf(capture: string): Promise<(number | undefined)[]> {
    const { flows } = await fleet.report(capture);
    const flow = flows.find(({ protocol }) => protocol === 'tcp');
    return [flow?.packets.clientTap, flow?.packets.serverTap];
  }

  it('counts at both ends what an independent tcpdump counts', async () => {
    const running = fleet.capture(['client', 'server', '--port', '7001', '--name', 'counted']);
    await running.recording();
    const truth = await countIndependently(7001);
    const talk = await conversation(7001, 20);
    for (let i = 1; i <= 20; i++) await exchange(talk, i);
    await talk.over;
    const counts = await truth();
    expect(await running.stop()).toMatchObject({ code: 0 });
    expect(await countsOf('counted')).toEqual(counts);
    const { findings } = await fleet.report('counted');
    expect(findings.filter(({ grade }) => grade !== 'inconclusive')).toEqual([]);
  });

  it('keeps what the agents say to their coordinator out of a capture without a filter', async () => {
    const running = fleet.capture(['client', 'server', '--name', 'everything']);
    await running.recording();
    const talk = await conversation(7004, 1);
    await exchange(talk, 1);
    // Longer than the second between two heartbeats.
    await sleep(1_500);
    await running.stop();
    const { flows } = await fleet.report('everything');
    expect(flows.map(({ server }) => server.port)).toContain(7004);
    expect(flows.map(({ server }) => server.address)).not.toContain(
      lab.host('coordinator').managementAddress,
    );
  });

  it('resumes, and has lost nothing, when the coordinator is killed in the middle and comes back', async () => {
    const running = fleet.capture(['client', 'server', '--port', '7002', '--name', 'resumed']);
    await running.recording();
    const truth = await countIndependently(7002);
    const talk = await conversation(7002, 3);
    await exchange(talk, 1);
    await fleet.end('coordinator', 'SIGKILL');
    await exchange(talk, 2);
    await fleet.startCoordinator();
    await sleep(AFTER_RESTART_MS);
    await exchange(talk, 3);
    await talk.over;
    const counts = await truth();
    expect((await running.stop()).code).toBe(0);
    expect(await countsOf('resumed')).toEqual(counts);
    const { taps } = await fleet.report('resumed');
    expect(taps.map(({ coverage }) => coverage)).toEqual(['complete', 'complete']);
  });

  it('is partial, and says so, when an agent is killed in the middle', async () => {
    const running = fleet.capture(['client', 'server', '--port', '7003', '--name', 'partial']);
    await running.recording();
    const talk = await conversation(7003, 2);
    await exchange(talk, 1);
    await fleet.end('server', 'SIGKILL');
    await exchange(talk, 2);
    await talk.over;
    const { stderr, code } = await running.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/partial/);
    const report = await fleet.report('partial');
    const tap = report.taps.find(({ role }) => role === 'server');
    expect(tap?.coverage).not.toBe('complete');
    // What the dead tap did not see is nobody's fault.
    const faults = report.findings.filter(({ grade }) => ['proven', 'strong', 'likely'].includes(grade));
    expect(faults).toEqual([]);
    await fleet.startAgent('server');
  });
});

describeLab('a capture that cannot begin', () => {
  let lab: Lab;
  let fleet: Fleet;
  beforeAll(async () => {
    lab = await Lab.create(chain({ routers: 1, hosts: { coordinator: {} } }));
    fleet = await Fleet.start(lab);
  });
  afterAll(async () => {
    await fleet?.stop();
    await lab?.destroy();
  });

  it.each([
    ['an unknown host', ['client', 'sever'], /sever.*server/s],
    ['a filter that does not compile', ['client', 'server', 'prot 80'], /prot 80[\s\S]*\^/],
    ['an interface that is not there', ['client', 'server', '-i', 'eth9'], /eth9/],
    ['the same host twice', ['client', 'client'], /both "client"/],
  ])('names %s', async (_, args, message) => {
    const { code, stderr, stdout } = await fleet.capture(args).outcome();
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([1, 2]).toContain(code);
    expect(stdout).toBe('');
  });

  it('names the host that is offline, and starts nobody', async () => {
    await fleet.end('server');
    const { code, stderr } = await fleet.capture(['client', 'server', '--port', '80']).outcome();
    expect(code).toBe(1);
    expect(stderr).toMatch(/server/);
    expect(await lab.host('client').packetSockets()).toBe(0);
    await fleet.startAgent('server');
  });

  it('tells that the coordinator is away', async () => {
    await fleet.end('coordinator');
    const { code, stderr } = await fleet.run(['agents']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/7443/);
  });
});
