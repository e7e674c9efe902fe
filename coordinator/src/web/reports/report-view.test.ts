import { BothendsError, type Finding, type FlowReport, type Report } from '@bothends/proto';
import { beforeAll, expect, test } from 'vitest';
import type { FlowQuery } from '../page/api-types.js';
import { ReportView } from './report-view.js';

const FLOWS = 100_000;
/** Every thousandth flow is faulty, every thousandth and first has a note. */
const STEP = 1000;
const ANY: FlowQuery = { text: '', host: '', port: 0, code: '', faulty: false, offset: 0, limit: 50 };

function finding(i: number, change: Partial<Finding>): Finding {
  return {
    id: `x${i}`,
    code: 'rst-forged',
    grade: 'proven',
    flow: `f${i}`,
    direction: 'toward-server',
    sender: 'path',
    cause: null,
    blame: 'path',
    at: null,
    statement: 'a RST',
    attributes: {},
    evidence: [],
    counter: [],
    assumptions: [],
    missing: [],
    consequenceOf: null,
    remedy: null,
    ...change,
  };
}

function flow(i: number): FlowReport {
  const isMarked = i % STEP < 2;
  return {
    id: `f${i}`,
    protocol: 'tcp',
    client: { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 40_000 },
    server: { address: '10.9.9.9', port: i % 2 === 0 ? 443 : 80 },
    serverView:
      i === 5
        ? { client: { address: '198.51.100.7', port: 1 }, server: { address: '10.9.9.9', port: 80 } }
        : null,
    packets: { clientTap: i, serverTap: i, matched: i, lostToServer: 0, lostToClient: 0 },
    latency: null,
    findings: isMarked ? [`x${i}`] : [],
  };
}

let view: ReportView;
beforeAll(() => {
  const flows = Array.from({ length: FLOWS }, (_, i) => flow(i));
  const findings = flows.flatMap(({ findings: [id] }, i) =>
    id === undefined ? [] : [finding(i, i % STEP === 0 ? {} : { code: 'nat' })],
  );
  const report: Report = {
    schema: 'bothends.report.v1',
    engine: '0.1.0',
    capture: { id: 'c-1', name: 'many', startedAt: null, endedAt: null },
    taps: [],
    clock: { offsetNs: null, errorNs: null, driftPpm: null, method: 'none', steps: [] },
    flows,
    findings,
    headline: 'a RST',
  };
  view = new ReportView(report);
});

test('a hundred thousand flows are counted, and a hundred equal faults are one kind', () => {
  const { flowCount, faultyFlows, faults, notes, codes } = view.summary;
  expect({ flowCount, faultyFlows, codes }).toEqual({
    flowCount: FLOWS,
    faultyFlows: 100,
    codes: ['nat', 'rst-forged'],
  });
  expect(faults).toMatchObject([{ lead: { code: 'rst-forged' }, alike: 99, flow: { id: 'f0' } }]);
  expect(notes).toMatchObject([{ lead: { code: 'nat' }, alike: 99 }]);
});

test('faulty flows come first, a page at a time, and no page twice', () => {
  const pages = [0, 50, 100].map((offset) => view.flows({ ...ANY, offset }));
  expect(pages.map(({ matched, total }) => [matched, total])).toEqual(Array(3).fill([FLOWS, FLOWS]));
  const ids = pages.flatMap(({ flows }) => flows.map(({ id }) => id));
  expect(new Set(ids).size).toBe(150);
  expect(pages[1]?.flows.every(({ labels }) => labels[0]?.code === 'rst-forged')).toBe(true);
  expect(pages[2]?.flows.every(({ labels }) => labels[0]?.note)).toBe(true);
  expect(view.flows({ ...ANY, offset: FLOWS }).flows).toEqual([]);
});

test.each<[Partial<FlowQuery>, number]>([
  [{ faulty: true }, 100],
  [{ code: 'nat' }, 100],
  [{ port: 443 }, 50_000],
  [{ port: 443, faulty: true }, 100],
  [{ host: '10.0.0.7' }, 1],
  [{ host: '10.0.0' }, 0],
  [{ text: '10.1.134.' }, 160],
  [{ text: 'RST-forged' }, 100],
  [{ host: '198.51.100.7' }, 1],
  [{ text: 'nothing of that kind' }, 0],
])('%o narrows to %i', (query, matched) => {
  expect(view.flows({ ...ANY, ...query }).matched).toBe(matched);
});

test('a finding is found by its id; an unknown one is named', () => {
  expect(view.finding('x3000')).toMatchObject({ lead: { id: 'x3000' }, flow: { id: 'f3000' } });
  expect(() => view.finding('x7')).toThrow(BothendsError);
  expect(() => view.finding('x7')).toThrow('no finding x7');
});
