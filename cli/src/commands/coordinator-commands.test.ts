import { BothendsError, formatInstant } from '@bothends/proto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { forgedLadder, forgedReport } from '../render/samples/forged.js';
import { healthyReport, inconclusiveReport } from '../render/samples/others.js';
import { ASKED_NS, captureState } from '../testing/capture-states.js';
import { makePki } from '../testing/certificates.js';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { runCli } from '../testing/run-cli.js';

const agents = ['web-1', 'web-2', 'db-1'].map((name) => ({
  name,
  online: name !== 'web-2',
  version: '0.1.0',
  hostname: name,
  platform: 'linux x64 6.1',
  interfaces: ['eth0'],
  backEnds: ['tcpdump'],
  clockOffsetNs: -3_200_000n,
  clockErrorNs: 118_000n,
  lastSeenNs: ASKED_NS,
  limits: name === 'db-1' ? ['eth0 runs an XDP program: what it drops is not seen'] : [],
  interfaceStates: [],
  rssBytes: 1000n,
  host: {
    kernel: 'Linux 6.1',
    networkNamespace: '4026531840',
    clockSync: { source: 'chrony', synchronised: true, errorNs: 1_512_000n },
  },
}));

const reportJson = JSON.stringify(forgedReport, null, 2);
const pki = makePki();
let coordinator: FakeCoordinator;
let context: string;

beforeAll(() => {
  coordinator = new FakeCoordinator(pki);
});
afterEach(() => coordinator.kill());
afterAll(() => coordinator.close());

async function serve(answers: Parameters<FakeCoordinator['start']>[0]): Promise<void> {
  await coordinator.start(answers);
  context = coordinator.contextFile();
}

const cli = (...args: string[]) => runCli(args, { BOTHENDS_CONTEXT: context });

describe('lists', () => {
  test('agents: a table, JSON lines, one host with its limits', async () => {
    await serve({ unary: { listAgents: () => ({ agents }) } });
    const table = await cli('agents');
    expect(table.stdout.split('\n')[0]).toMatch(/^HOST +STATE +LAST SEEN +CLOCK/);
    expect(table.stdout).toMatch(/web-2 +offline +2026-01-02 \d\d:\d\d +-3.2 ms ± 118 µs/);
    const lines = (await cli('agents', '-o', 'json')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).name)).toEqual(['web-1', 'web-2', 'db-1']);
    expect(JSON.parse(lines[0] as string).lastSeenAt).toBe(formatInstant(ASKED_NS));
    const { stdout } = await cli('agents', 'db-1');
    expect(stdout).toContain('XDP program');
    expect(stdout).toContain('kept right by chrony within 1.51 ms');
  });

  test('an unknown host is named with the nearest ones', async () => {
    await serve({ unary: { listAgents: () => ({ agents }) } });
    expect(await cli('agents', 'wbe-1')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'bothends: no host "wbe-1": did you mean web-1, db-1 or web-2?\n',
    });
  });

  test('captures: a table and JSON lines; none is said on stderr', async () => {
    await serve({ unary: { listCaptures: () => ({ captures: [captureState('complete')] }) } });
    expect((await cli('captures')).stdout).toMatch(
      /c-7kq2m +– +complete +2026-01-02 10:00:00 +5 s +web-1, db-1/,
    );
    expect(JSON.parse((await cli('captures', '-o', 'json')).stdout)).toMatchObject({
      id: 'c-7kq2m',
      state: 'complete',
    });
    coordinator.kill();
    await serve({ unary: { listCaptures: () => ({ captures: [] }) } });
    expect(await cli('captures')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining('No captures'),
    });
  });

  test('flows: faulty ones first, and only those when asked', async () => {
    await serve({ unary: { getReport: () => ({ reportJson }) } });
    const all = (await cli('flows', 'c-7kq2m')).stdout.trimEnd().split('\n');
    expect(all.map((line) => line.split(' ')[0])).toEqual(['FLOW', 'f1', 'f2']);
    const faulty = (await cli('flows', 'c-7kq2m', '--faulty', '-o', 'json')).stdout.trimEnd().split('\n');
    expect(faulty.map((line) => JSON.parse(line).id)).toEqual(['f1']);
  });

  test('flows: of very many the first are shown, and where the others are', async () => {
    const [flow] = forgedReport.flows;
    const flows = Array.from({ length: 5000 }, (_, i) => ({ ...flow, id: `f-${i}`, findings: [] }));
    const huge = { ...forgedReport, flows, flowsOmitted: { flows: 95_000, faulty: 0 } };
    await serve({ unary: { getReport: () => ({ reportJson: JSON.stringify(huge) }) } });
    const { stdout, stderr } = await cli('flows', 'c-7kq2m', '--limit', '20');
    expect(stdout.trimEnd().split('\n')).toHaveLength(21);
    expect(stderr).toContain('and 99 980 more: --limit N shows more');
    expect((await cli('flows', 'c-7kq2m')).stdout.trimEnd().split('\n').length).toBeLessThan(200);
    expect((await cli('flows', 'c-7kq2m', '-o', 'json')).stdout.trimEnd().split('\n')).toHaveLength(5000);
    expect((await cli('report', 'c-7kq2m')).stdout).toContain('100 000 flows');
  });
});

describe('report', () => {
  test('json is what the coordinator computed, byte for byte', async () => {
    await serve({ unary: { getReport: () => ({ reportJson }) } });
    expect(await cli('report', 'c-7kq2m', '-o', 'json')).toEqual({
      status: 0,
      stdout: reportJson,
      stderr: '',
    });
  });

  test.each(['text', 'markdown', 'html'])('%s holds the headline', async (format) => {
    await serve({ unary: { getReport: () => ({ reportJson }) } });
    const { status, stdout } = await cli('report', 'c-7kq2m', '-o', format);
    expect(status).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toContain(forgedReport.headline);
  });

  test('--exit-code says 10 for a fault, 0 for none, 11 for doubt', async () => {
    await serve({ unary: { getReport: () => ({ reportJson }) } });
    expect((await cli('report', 'x', '--exit-code')).status).toBe(10);
    coordinator.kill();
    await serve({ unary: { getReport: () => ({ reportJson: JSON.stringify(healthyReport) }) } });
    expect((await cli('report', 'x', '--exit-code')).status).toBe(0);
    coordinator.kill();
    await serve({ unary: { getReport: () => ({ reportJson: JSON.stringify(inconclusiveReport) }) } });
    expect((await cli('report', 'x', '--exit-code')).status).toBe(11);
    expect((await cli('report', 'x')).status).toBe(0);
  });

  test('control characters in names are not passed to the terminal', async () => {
    const hostile = { ...healthyReport, headline: 'ok \u001b]0;owned\u0007' };
    await serve({ unary: { getReport: () => ({ reportJson: JSON.stringify(hostile) }) } });
    const { stdout } = await cli('report', 'x');
    expect(stdout).toContain('owned');
    expect(stdout).not.toContain('\u001b');
  });

  test('a schema of the future is refused with what to do', async () => {
    await serve({ unary: { getReport: () => ({ reportJson: '{"schema":"bothends.report.v9"}' }) } });
    expect((await cli('report', 'x')).stderr).toMatch(
      /^bothends: the report has schema bothends.report.v9.*upgrade/,
    );
  });
});

test('flow: chunks of a ladder become one drawing', async () => {
  const { rows, ...head } = forgedLadder;
  const chunks = [{ ...head, rows: rows.slice(0, 4) }, { rows: rows.slice(4) }];
  await serve({ stream: { getFlow: () => chunks.map((c) => ({ ladderJson: JSON.stringify(c) })) } });
  const { stdout, status } = await cli('flow', 'c-7kq2m', 'f1', '--around', 'rst', '--width', '90');
  expect(status).toBe(0);
  expect(stdout).toContain('✸');
  expect(stdout).toContain('#10');
  expect((await cli('flow', 'c-7kq2m', 'f1', '-o', 'json')).stdout.trimEnd().split('\n')).toHaveLength(
    rows.length,
  );
});

test('join-token: the line to run is data, its expiry is not', async () => {
  const joinLine = 'echo be1.a.b | bothends agent --join ops-1:7443 --ca-hash sha256:00 --token-file -';
  await serve({ unary: { createJoinToken: () => ({ token: 'be1.a.b', joinLine, expiresNs: ASKED_NS }) } });
  expect(await cli('join-token', '--valid', '1h')).toEqual({
    status: 0,
    stdout: `${joinLine}\n`,
    stderr: 'Works once, until 2026-01-02T10:00:00Z.\n',
  });
});

describe('no coordinator', () => {
  test('nobody answers: says where and what to check', async () => {
    await serve({});
    coordinator.kill();
    const { status, stderr } = await cli('captures');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bothends: cannot reach the coordinator at 127\.0\.0\.1:\d+: is it running/);
    expect(stderr).toMatch(/\(connect ECONNREFUSED 127\.0\.0\.1:\d+\)$/m);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a host that is offline is not taken for the coordinator being away', async () => {
    const refusal = 'db-1 is offline, so nobody starts: check its agent';
    await serve({
      unary: {
        startCapture: () => {
          throw new BothendsError('unavailable', refusal);
        },
      },
    });
    expect((await cli('capture', 'web-1', 'db-1')).stderr).toBe(`bothends: ${refusal}\n`);
  });

  test('another coordinator answers: it is not trusted', async () => {
    await coordinator.start({ unary: { listCaptures: () => ({ captures: [] }) } });
    context = coordinator.contextFile({ caPem: makePki().caPem });
    const { status, stderr } = await cli('captures');
    expect(status).toBe(1);
    expect(stderr).toContain(
      'is not the coordinator of this context (self-signed certificate in certificate chain)',
    );
  });

  test('an older coordinator without the request says so', async () => {
    await serve({});
    expect((await cli('captures')).stderr).toContain('may be an older version');
  });
});
