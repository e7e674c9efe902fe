import { describe, expect, test } from 'vitest';
import { testCapture } from '../../testing/captures.js';
import type { Capture, TapPhase } from '../capture.js';
import { step } from './life.js';
import type { CaptureEvent } from './step.js';
import { ARM_MS, DRAIN_MS, GIVE_UP_MS, LEAD_OUT_MS, START_MS } from './waits.js';

const MS = 1_000_000n;
const CLIENT = 'c-1-client';
const SERVER = 'c-1-server';

/** Runs events one after the other; what was ordered is written `verb tap`, discarding stops with `!`. */
function live(
  events: readonly CaptureEvent[],
  from: Capture = testCapture(),
): { capture: Capture; ordered: string[] } {
  let capture = from;
  const ordered: string[] = [];
  for (const event of events) {
    const result = step(capture, event);
    capture = result.capture;
    for (const command of result.commands) {
      if (command.do === 'finish') ordered.push('finish');
      else
        ordered.push(
          `${command.do}${command.do === 'stop' && command.discard ? '!' : ''} ${command.tap.agent}`,
        );
    }
  }
  return { capture, ordered };
}

const begin: CaptureEvent = { type: 'begin', nowNs: 0n };
const tap = (tapId: string, phase: TapPhase, nowNs = 1n): CaptureEvent => ({
  type: 'tap',
  tapId,
  phase,
  nowNs,
});
const both = (state: 'armed' | 'recording' | 'draining' | 'complete') => [
  tap(CLIENT, { state }),
  tap(SERVER, { state }),
];
const drained = (tapId: string): CaptureEvent => ({ type: 'drained', tapId, nowNs: 5n });
const stop: CaptureEvent = { type: 'stop', by: 'alice', nowNs: 3n };
const failed: TapPhase = { state: 'failed', code: 'internal', reason: 'tcpdump was killed' };

const recording = [begin, ...both('armed'), ...both('recording')];

describe('arming', () => {
  test('all taps are armed before any starts', () => {
    expect(live([begin]).ordered).toEqual(['arm web', 'arm db']);
    expect(live([begin, tap(CLIENT, { state: 'armed' })]).ordered).toEqual(['arm web', 'arm db']);
    const { capture, ordered } = live([begin, ...both('armed')]);
    expect(ordered.slice(2)).toEqual(['start web', 'start db']);
    expect(capture.phase.state).toBe('armed');
  });

  test('when one host refuses nobody starts, the other tap is thrown away, and the reason names the host', () => {
    const refused: TapPhase = {
      state: 'refused',
      code: 'permission-denied',
      reason: 'policy refuses snaplen 65535',
    };
    const { capture, ordered } = live([begin, tap(CLIENT, { state: 'armed' }), tap(SERVER, refused)]);
    expect(ordered.slice(2)).toEqual(['stop! web']);
    expect(capture.phase).toMatchObject({
      state: 'failed',
      code: 'permission-denied',
      reason: 'db: policy refuses snaplen 65535',
    });
  });

  test('a host that stays silent is named when the time is over', () => {
    const late: CaptureEvent = { type: 'deadline', nowNs: BigInt(ARM_MS) * MS };
    const { capture, ordered } = live([begin, tap(CLIENT, { state: 'armed' }), late]);
    expect(capture.phase).toMatchObject({ state: 'failed', code: 'unavailable' });
    expect(capture.phase).toHaveProperty('reason', expect.stringContaining('db was not armed in time'));
    expect(ordered.slice(2)).toEqual(['stop! web', 'stop! db']);
  });

  test('a start that is not followed is named too', () => {
    const late: CaptureEvent = { type: 'deadline', nowNs: BigInt(START_MS) * MS + 1n };
    const { capture } = live([begin, ...both('armed'), tap(CLIENT, { state: 'recording' }), late]);
    expect(capture.phase).toHaveProperty('reason', expect.stringContaining('db was not recording in time'));
  });

  test('an agent that goes offline, and a user who stops, end it before it began', () => {
    const gone = live([begin, { type: 'offline', agent: 'db', nowNs: 2n }]).capture;
    expect(gone.phase).toMatchObject({ state: 'failed', code: 'unavailable' });
    expect(live([begin, stop]).capture.phase).toMatchObject({ state: 'failed', code: 'cancelled' });
  });
});

describe('recording', () => {
  test('begins when all taps record and lasts as long as was asked for', () => {
    const { capture } = live(recording);
    expect(capture.phase).toEqual({ state: 'recording', startedNs: 1n, deadlineNs: 1n + 60_000n * MS });
    const over = live([{ type: 'deadline', nowNs: 1n + 60_000n * MS }], capture);
    expect(over.ordered).toEqual(['stop web', 'stop db']);
    expect(over.capture.phase.state).toBe('draining');
  });

  test('survives an agent that goes offline: it may come back with everything', () => {
    expect(live([...recording, { type: 'offline', agent: 'db', nowNs: 2n }]).capture.phase.state).toBe(
      'recording',
    );
  });

  test('a tap that ends by itself ends it for the others', () => {
    for (const phase of [{ state: 'draining' }, { state: 'complete' }, failed] as TapPhase[]) {
      const { capture, ordered } = live([...recording, tap(CLIENT, phase)]);
      expect(ordered.slice(4)).toEqual(['stop db']);
      expect(capture.phase.state).toBe('draining');
    }
  });

  test('a tap that ends while the other is still starting ends it as well', () => {
    const events = [
      begin,
      ...both('armed'),
      tap(CLIENT, { state: 'complete' }),
      tap(SERVER, { state: 'recording' }),
    ];
    const { capture, ordered } = live(events);
    expect(capture.phase.state).toBe('draining');
    expect(ordered.slice(4)).toEqual(['stop db']);
  });
});

describe('draining', () => {
  test('waits for the last packet of both taps, then it is complete', () => {
    const { capture, ordered } = live([...recording, stop, ...both('complete'), drained(CLIENT)]);
    expect(capture.phase.state).toBe('draining');
    expect(ordered.slice(4)).toEqual(['stop web', 'stop db']);
    const done = live([drained(SERVER)], capture);
    expect(done.capture.phase).toEqual({ state: 'complete', startedNs: 1n, endedNs: 5n });
    expect(done.ordered).toEqual(['finish']);
  });

  test('a tap that died makes it partial, with what it had delivered and the reason', () => {
    const events = [
      ...recording,
      tap(SERVER, failed),
      tap(CLIENT, { state: 'complete' }),
      drained(CLIENT),
      drained(SERVER),
    ];
    const { capture } = live(events);
    expect(capture.phase).toMatchObject({ state: 'partial', reason: 'db: tcpdump was killed' });
  });

  test('a host that never delivers the rest is waited for, then named', () => {
    const { capture } = live([...recording, stop, tap(CLIENT, { state: 'complete' }), drained(CLIENT)]);
    const end = 3n + BigInt(LEAD_OUT_MS + DRAIN_MS) * MS;
    expect(live([{ type: 'deadline', nowNs: end - 1n }], capture).capture.phase.state).toBe('draining');
    const { capture: over, ordered } = live([{ type: 'deadline', nowNs: end }], capture);
    expect(over.phase).toMatchObject({ state: 'partial', code: 'unavailable' });
    expect(over.phase).toHaveProperty('reason', expect.stringContaining('db did not deliver'));
    expect(ordered).toEqual(['finish']);
  });

  test('as long as evidence arrives it waits longer', () => {
    const { capture } = live([...recording, stop]);
    const late = 3n + BigInt(LEAD_OUT_MS + DRAIN_MS) * MS;
    const { capture: alive } = live([{ type: 'progress', nowNs: late - 1n }], capture);
    expect(live([{ type: 'deadline', nowNs: late }], alive).capture.phase.state).toBe('draining');
  });
});

test('a tap that goes on for ever is given up all the same', () => {
  let { capture } = live([...recording, stop]);
  for (let at = 0n; at < BigInt(LEAD_OUT_MS + GIVE_UP_MS); at += 5_000n) {
    expect(capture.phase.state).toBe('draining');
    capture = live(
      [
        { type: 'progress', nowNs: at * MS },
        { type: 'deadline', nowNs: at * MS },
      ],
      capture,
    ).capture;
  }
  const over: CaptureEvent = { type: 'deadline', nowNs: 3n + BigInt(LEAD_OUT_MS + GIVE_UP_MS) * MS };
  expect(live([over], capture).capture.phase.state).toBe('partial');
});

describe('after the end', () => {
  const partial = live([
    ...recording,
    stop,
    tap(CLIENT, { state: 'complete' }),
    drained(CLIENT),
    { type: 'deadline', nowNs: 60_000n * MS },
  ]).capture;

  test('a host that comes back with the rest makes a partial capture complete, and the report is written anew', () => {
    expect(partial.phase.state).toBe('partial');
    const { capture, ordered } = live([tap(SERVER, { state: 'complete' }), drained(SERVER)], partial);
    expect(capture.phase.state).toBe('complete');
    expect(ordered).toEqual(['finish']);
  });

  test('nothing else moves it', () => {
    const { capture } = live([...recording, stop, ...both('complete'), drained(CLIENT), drained(SERVER)]);
    const more = [
      begin,
      stop,
      tap(CLIENT, failed),
      drained(CLIENT),
      { type: 'deadline', nowNs: 2n ** 62n } as const,
    ];
    expect(live(more, capture)).toEqual({ capture, ordered: [] });
  });
});
