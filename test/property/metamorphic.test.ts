import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type Finding, GRADES, type Grade, NOTE_CODES, type Report, type VerdictCode } from '@bothends/proto';
import { afterAll, describe, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';
import { Workbench } from '../truth/analyze.js';
import { Random } from '../truth/random.js';
import { type Capture, readPcap, writePcap, writePcapng } from './capture-file.js';
import {
  cutPackets,
  driftClock,
  hideBurst,
  hideEnd,
  hideSome,
  hideStart,
  shiftClock,
  stepClock,
  type Transform,
  withoutLink,
} from './transforms.js';

type Ends = readonly [client: Capture, server: Capture];

const CASES = SCENARIOS.map(({ name, also }) => {
  const [client, server] = capturePaths(name).map((path) => readPcap(readFileSync(path)));
  return { name, ends: [client, server] as Ends, also };
});
/** Hidings of each kind per scenario and end; each has its own seed, named when it fails. */
const HIDINGS = 3;

const bench = new Workbench();
afterAll(() => bench[Symbol.dispose]());

const plain = (capture: Capture) => writePcap(capture);

function analyze([client, server]: Ends, write: (capture: Capture) => Uint8Array = plain): Report {
  return bench.analyze(write(client), write(server));
}

/** What a report says, without times, packet numbers and names of taps. */
function claims(report: Report): string[] {
  return report.findings.map((finding) => `${claim(finding)} ${finding.grade}`).sort();
}

function claim({ code, direction, sender }: Finding): string {
  return `${code} ${direction} ${sender}`;
}

/** Some packet is at both taps; else nothing but their clocks says that two captures are of one time. */
function isTied({ flows }: Report): boolean {
  return flows.some(({ packets }) => packets.matched > 0);
}

function rank(grade: Grade): number {
  return GRADES.indexOf(grade);
}

/**
 * Accusations at `strong` or better that the whole evidence does not make at least as strongly. `also`: codes that are
 * true of the scenario, and that a stronger finding may have explained away.
 */
function newAccusations(less: Report, whole: Report, also: readonly VerdictCode[]): string[] {
  const best = new Map<string, number>();
  for (const finding of whole.findings) {
    best.set(claim(finding), Math.min(rank(finding.grade), best.get(claim(finding)) ?? GRADES.length));
  }
  return less.findings
    .filter(
      ({ code, grade }) => !NOTE_CODES.has(code) && !also.includes(code) && rank(grade) <= rank('strong'),
    )
    .filter((finding) => rank(finding.grade) < (best.get(claim(finding)) ?? GRADES.length))
    .map((finding) => `${claim(finding)} ${finding.grade}: ${finding.statement}`);
}

describe.each(CASES)('$name', ({ ends, also }) => {
  const whole = analyze(ends);
  const [client, server] = ends;

  it('says the same with the files swapped', () => {
    expect(claims(analyze([server, client]))).toEqual(claims(whole));
  });

  it('says the same of pcapng and of gzip', () => {
    expect(claims(analyze(ends, writePcapng))).toEqual(claims(whole));
    expect(claims(analyze(ends, (capture) => gzipSync(writePcap(capture))))).toEqual(claims(whole));
  });

  it('says the same when one clock is hours off', () => {
    const off = analyze([client, shiftClock(server, new Random(1))]);
    if (isTied(whole)) expect(claims(off)).toEqual(claims(whole));
    else expect(off.findings.map(claim)).toEqual(whole.findings.map(claim));
    expect(newAccusations(off, whole, also)).toEqual([]);
  });

  const WEAKENING: readonly (readonly [string, (ends: Ends) => Report])[] = [
    ['a clock drifts by 100 ppm', () => analyze([driftClock(client, new Random(1)), server])],
    ['a clock is stepped in mid-capture', () => analyze([client, stepClock(server, new Random(1))])],
    ['time stamps are in µs', () => analyze(ends, (capture) => writePcap(capture, 'microseconds'))],
    ['packets are cut to 96 bytes', () => analyze([cutPackets(client, new Random(1)), server])],
    ['one end has no link headers', () => analyze([client, withoutLink(server, new Random(1))])],
  ];
  it.each(WEAKENING)('accuses nobody else when %s', (_, change) => {
    expect(newAccusations(change(ends), whole, also)).toEqual([]);
  });

  const HIDING: readonly (readonly [string, Transform])[] = [
    ['here and there', hideSome],
    ['in a burst', hideBurst],
    ['at the start', hideStart],
    ['at the end', hideEnd],
  ];
  it.each(HIDING)('accuses nobody else when a tap misses packets %s', (_, hide) => {
    for (let seed = 1; seed <= HIDINGS; seed++) {
      const hidden: readonly Ends[] = [
        [hide(client, new Random(seed)), server],
        [client, hide(server, new Random(seed))],
      ];
      hidden.forEach((changed, end) => {
        expect(newAccusations(analyze(changed), whole, also), `seed ${seed}, end ${end}`).toEqual([]);
      });
    }
  });
});
