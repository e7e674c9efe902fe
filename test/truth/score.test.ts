import { type Finding, REPORT_SCHEMA, type Report } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { KINDS } from './kinds/index.js';
import { generate, type Run } from './run.js';
import { score } from './score.js';
import { NO_TAP_FAULT } from './sim/tap.js';

const SOUND = {
  faults: { client: NO_TAP_FAULT, server: NO_TAP_FAULT },
  nat: false,
  virtualServer: false,
  strangers: 0,
};

function runOf(kind: string): Run {
  const only = KINDS.filter(({ name }) => name === kind);
  for (let seed = 1; ; seed++) {
    const run = generate(seed, only, SOUND);
    if (run.health === 'sound') return run;
  }
}

/** A report with these findings, all about the run's first flow. */
function reportOf(run: Run, ...findings: Partial<Finding>[]): Report {
  const [{ clientPort, serverPort }] = run.ledger.flows;
  const flow = {
    id: 'f-1',
    protocol: 'tcp' as const,
    client: { address: '10.0.0.1', port: clientPort },
    server: { address: '10.0.0.2', port: serverPort },
    serverView: null,
    packets: { clientTap: 1, serverTap: 1, matched: 1, lostToServer: 0, lostToClient: 0 },
    latency: null,
    findings: [],
  };
  const blank: Finding = {
    id: 'v-1',
    code: 'rst-genuine',
    grade: 'strong',
    flow: 'f-1',
    direction: null,
    sender: null,
    cause: null,
    blame: 'unknown',
    at: null,
    statement: '',
    attributes: {},
    evidence: [],
    counter: [],
    assumptions: [],
    missing: [],
    consequenceOf: null,
    remedy: null,
  };
  return {
    schema: REPORT_SCHEMA,
    engine: 'none',
    capture: { id: '', name: '', startedAt: null, endedAt: null },
    taps: [],
    clock: { offsetNs: null, errorNs: null, driftPpm: null, method: 'none', steps: [] },
    flows: [flow],
    findings: findings.map((finding) => ({ ...blank, ...finding })),
    headline: '',
  };
}

const outcomes = (run: Run, ...findings: Partial<Finding>[]) =>
  score(run, reportOf(run, ...findings)).map(({ code, outcome }) => `${code} ${outcome}`);

describe('scoring', () => {
  const refused = runOf('no-listener');

  it('calls the true finding right, and a lower grade weakened', () => {
    const finding: Partial<Finding> = { code: 'rst-genuine', sender: 'server', cause: 'no-listener' };
    expect(outcomes(refused, { ...finding, grade: 'strong' })).toEqual(['rst-genuine right']);
    expect(outcomes(refused, { ...finding, grade: 'possible' })).toEqual(['rst-genuine weakened']);
  });

  it('calls silence missed', () => {
    expect(outcomes(refused)).toEqual(['rst-genuine missed']);
  });

  it('calls a forged RST that nobody forged wrong, weakly below strong, and fair when inconclusive', () => {
    const finding: Partial<Finding> = { code: 'rst-forged', direction: 'toward-client' };
    expect(outcomes(refused, { ...finding, grade: 'strong' })).toContain('rst-forged wrong');
    expect(outcomes(refused, { ...finding, grade: 'likely' })).toContain('rst-forged weakly-wrong');
    expect(outcomes(refused, { ...finding, grade: 'inconclusive' })).toEqual(['rst-genuine missed']);
  });

  it('calls the wrong sender and the wrong cause wrong', () => {
    expect(outcomes(refused, { code: 'rst-genuine', sender: 'client' })).toContain('rst-genuine wrong');
    expect(outcomes(refused, { sender: 'server', cause: 'keepalive-expired' })).toContain(
      'rst-genuine wrong',
    );
  });

  it('calls absence that a file claims to prove overstated', () => {
    const lost = runOf('syn-lost');
    expect(outcomes(lost, { code: 'syn-lost', grade: 'proven' })).toContain('syn-lost overstated');
  });

  it('holds both directions of a RST forged toward both ends against the truth', () => {
    const one = runOf('forged-to-server');
    const both: Partial<Finding> = { code: 'rst-forged', direction: 'both', grade: 'strong' };
    expect(outcomes(one, both)).toContain('rst-forged wrong');
  });

  it('calls a claim about a stranger wrong: its other end has no tap', () => {
    const report = reportOf(refused, { code: 'syn-lost', grade: 'strong' });
    const elsewhere = { ...report.flows[0], client: { address: '10.9.9.9', port: 1 } };
    const marks = score(refused, { ...report, flows: [elsewhere] });
    expect(marks.map(({ code, outcome }) => `${code} ${outcome}`)).toContain('syn-lost wrong');
  });
});
