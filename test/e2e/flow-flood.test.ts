import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContext } from '@bothends/coordinator';
import { enrolOverWire, FakeAgent } from '@bothends/coordinator/testing/fake-agent';
import { BASE_NS, batch, coverage, segments } from '@bothends/coordinator/testing/packets';
import { PacketTable, type Report, Tcp } from '@bothends/proto';
import type { CaptureState } from '@bothends/proto/gen/bothends/v1/bothends';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call } from '../bench/crowd/call.js';
import { BenchCoordinator, until } from '../bench/crowd/coordinator.js';

/** What one capture follows (DESIGN.md); each packet of the flood is of a flow of its own. */
const FOLLOWED = 262_144;
const FLOWS = 1_048_576;
const ROWS = 4_096;
const BATCHES = FLOWS / ROWS;
/** Some of them at a time are under way, as with an agent. */
const WINDOW = 32;
/** A busy machine of two cores takes a minute for all of it. */
const TIMEOUT_MS = 600_000;
const PATIENCE_MS = 300_000;

let coordinator: BenchCoordinator;
let folder: string;
let caPem: string;
const agents = new Map<string, FakeAgent>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bothends-flows-'));
  coordinator = await BenchCoordinator.start(folder, true);
  caPem = (await readContext(coordinator.context))?.caPem ?? '';
  for (const name of ['flood', 'victim', 'web', 'db']) agents.set(name, await enrol(name));
}, TIMEOUT_MS);
afterAll(async () => {
  for (const agent of agents.values()) agent.close();
  await coordinator?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function enrol(name: string): Promise<FakeAgent> {
  const { address, token } = await coordinator.joinLine(name);
  const agent = new FakeAgent(name, address, caPem, await enrolOverWire(address, caPem, token, name));
  agent.hello();
  await agent.next('welcome');
  return agent;
}

const agentOf = (name: string): FakeAgent => {
  const agent = agents.get(name);
  if (agent === undefined) throw new Error(`no agent ${name}`);
  return agent;
};

async function record(client: string, server: string): Promise<string> {
  const { captureId } = await call<{ captureId: string }>((done) =>
    coordinator.client.startCapture(
      {
        ...{ client, server, filter: 'tcp', name: client, interface: '', snaplen: 0, durationMs: 0n },
        ...{ maxPackets: 0n, backEnd: '', port: 0, noMarker: true, until: '' },
      },
      done,
    ),
  );
  for (const [name, role] of [
    [client, 'client'],
    [server, 'server'],
  ] as const) {
    await agentOf(name).next('arm');
    agentOf(name).state(`${captureId}-${role}`, 'armed');
  }
  for (const [name, role] of [
    [client, 'client'],
    [server, 'server'],
  ] as const) {
    await agentOf(name).next('start');
    agentOf(name).state(`${captureId}-${role}`, 'recording');
  }
  await reached(captureId, 'recording');
  return captureId;
}

const stateOf = async (id: string): Promise<string | undefined> => {
  const { captures } = await call<{ captures: CaptureState[] }>((done) =>
    coordinator.client.listCaptures({}, done),
  );
  return captures.find((capture) => capture.id === id)?.state;
};
const reached = (id: string, state: string) =>
  until(`${id} ${state}`, PATIENCE_MS, async () => (await stateOf(id)) === state);

async function reportOf(captureId: string): Promise<Report> {
  const { reportJson } = await call<{ reportJson: string }>((done) =>
    coordinator.client.getReport({ captureId }, done),
  );
  return JSON.parse(reportJson) as Report;
}

/** SYNs, each from an address and port that no other has. */
function flood(round: number): PacketTable {
  const table = segments(ROWS);
  for (let i = 0; i < ROWS; i++) {
    const flow = round * ROWS + i;
    table.source[i * 4 + 3] = 0x0b000000 + (flow >> 14);
    table.sourcePort[i] = 1024 + (flow & 0x3fff);
    table.tcpFlags[i] = Tcp.syn;
    table.time[i] = round * 1e6 + i;
  }
  return table;
}

async function shipFlood(tapId: string): Promise<void> {
  for (let first = 0; first < BATCHES; first += WINDOW) {
    const batches = Array.from({ length: Math.min(WINDOW, BATCHES - first) }, (_, i) => {
      const round = first + i;
      const covered = { ...coverage((round + 1) * ROWS), watermarkNs: BASE_NS + BigInt((round + 1) * 1e6) };
      return batch(tapId, round + 1, flood(round), covered);
    });
    await agentOf('flood').ship(...batches);
  }
}

/** A capture of two other agents, from start to report. */
async function recordAnother(): Promise<Report> {
  const id = await record('web', 'db');
  for (const [name, role] of [
    ['web', 'client'],
    ['db', 'server'],
  ] as const) {
    await agentOf(name).ship(batch(`${id}-${role}`, 1, segments(50), coverage(50)));
  }
  await end(id, { web: 50, db: 50 }, 1);
  return await reportOf(id);
}

/** Stops a capture whose taps have shipped so many batches, as agents do: each with a last batch that closes it. */
async function end(id: string, packets: Record<string, number>, batches: number | Record<string, number>) {
  await call((done) => coordinator.client.stopCapture({ captureId: id }, done));
  const none = new PacketTable(1);
  none.baseNs = BASE_NS;
  for (const [i, [name, count]] of Object.entries(packets).entries()) {
    const tapId = `${id}-${i === 0 ? 'client' : 'server'}`;
    const shipped = typeof batches === 'number' ? batches : (batches[name] ?? 0);
    const last = { ...coverage(count, { closed: true }), watermarkNs: BASE_NS + 2_000_000_000n };
    await agentOf(name).ship(batch(tapId, shipped + 1, none, last));
    agentOf(name).state(tapId, 'complete', { coverage: last });
  }
  await reached(id, 'complete');
}

async function metrics(): Promise<string> {
  const token = readFileSync(join(folder, 'coordinator/metrics-token'), 'utf8').trim();
  return await new Promise((resolve, reject) => {
    const url = `https://${coordinator.page}/metrics`;
    const options = {
      ca: caPem,
      servername: 'bothends-coordinator',
      headers: { authorization: `Bearer ${token}` },
    };
    get(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

it('a million flows of one agent are counted, declared and measured, and the others go on', {
  timeout: TIMEOUT_MS,
}, async () => {
  const flooded = await record('flood', 'victim');
  const shipped = shipFlood(`${flooded}-client`);
  // While it lasts.
  const another = await recordAnother();
  expect(another.flows.map(({ packets }) => packets.matched)).toEqual([50]);
  await shipped;
  expect(await stateOf(flooded)).toBe('recording');

  const series = new RegExp(
    `^bothends_tap_untracked_packets_total\\{capture="${flooded}",agent="flood",role="client"\\} (\\d+)$`,
    'm',
  );
  await until('all are counted', PATIENCE_MS, async () => {
    const [, value] = series.exec(await metrics()) ?? [];
    return Number(value) === FLOWS - FOLLOWED;
  });

  await end(flooded, { flood: FLOWS, victim: 0 }, { flood: BATCHES, victim: 0 });
  const { taps, findings } = await reportOf(flooded);
  expect(taps.map(({ untracked }) => untracked)).toEqual([FLOWS - FOLLOWED, undefined]);
  // The other tap saw nothing and vouches for nothing of what was not followed.
  expect(taps[0]?.coverage).toBe('gaps');
  expect(findings.every(({ code }) => code !== 'rst-forged')).toBe(true);
});
