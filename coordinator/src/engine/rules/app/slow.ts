import { formatDuration, NS_PER_MS } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { latencyOf } from '../../facts/latency.js';
import * as Row from '../../flows/rows.js';
import { type Draft, draft, exhibit } from '../draft.js';
import { unanswered } from './unanswered.js';

/** A person who waits longer than this loses the thread (Miller 1968, Nielsen 1993), ns. */
const SLOW_ANSWER_NS = 1_000_000_000;

/** One answer among quick ones is worth a word when it takes this long: browsers and balancers begin to give up, ns. */
const SLOW_SINGLE_NS = 3_000_000_000;

/**
 * Light goes half round the globe and back through fibre in 200 ms, and the longest terrestrial routes in use take
 * about 300 ms; a path that takes more has queues, detours or a satellite in it, ns.
 */
const SLOW_PATH_NS = 350_000_000;

/** `slow-server` and `slow-path`: where the time went, when it was long. */
export function slowness(flow: FlowFacts): Draft[] {
  return [...measured(flow), ...unanswered(flow)];
}

function measured(flow: FlowFacts): Draft[] {
  const longest = flow.sent('toward-client', Row.TURN_LONGEST);
  const waited = flow.received('toward-client', Row.TURN_LONGEST);
  if (longest < SLOW_ANSWER_NS && waited < SLOW_PATH_NS) return [];
  const latency = latencyOf(flow);
  if (!latency) return [];
  const parts = [
    slowServer(flow, latency.serverNs, latency.pathNs),
    slowPath(flow, latency.serverNs, latency.pathNs),
  ];
  return parts.filter((made) => made !== null);
}

function slowServer(flow: FlowFacts, serverNs: number | null, pathNs: number | null): Draft | null {
  if (serverNs === null) return null;
  const longest = flow.sent('toward-client', Row.TURN_LONGEST);
  const turns = flow.sent('toward-client', Row.TURNS);
  if (serverNs < SLOW_ANSWER_NS && longest < SLOW_SINGLE_NS) return null;
  if (!clientWaited(flow, longest)) return null;
  const mean = formatDuration(serverNs);
  const often =
    turns === 1
      ? `${mean} to its only answer`
      : `${mean} on average to each of ${turns} answers (longest ${formatDuration(longest)})`;
  return draft({
    code: 'slow-server',
    // The time is measured on one clock; whether it is a fault, the service's owner knows: some answers are meant to wait.
    grade: turns > 1 && serverNs >= SLOW_ANSWER_NS ? 'likely' : 'possible',
    flow,
    direction: 'toward-client',
    sender: 'server',
    blame: 'server-host',
    // Measured, whatever the grade of calling it a fault.
    statement: () =>
      `The server took ${often}, measured at the server itself${pathNs === null ? '' : `; the path took ${formatDuration(pathNs)} both ways`}.`,
    attributes: {
      ...milliseconds(serverNs, pathNs),
      longestMs: Math.round(longest / NS_PER_MS),
      answers: turns,
    },
    evidence: [
      exhibit(
        'measured',
        `from the last byte of a request to the first of its answer, at the server's tap: ${mean}`,
      ),
    ],
    assumptions: [{ text: 'the service means to answer at once (no long poll, no push)', checked: false }],
    missing: ["the server's own log of how long it worked on each request"],
  });
}

/** Whoever waits for a slow server waits at least as long: a shorter wait shows that the server's tap missed an answer. */
function clientWaited(flow: FlowFacts, longest: number): boolean {
  const answers = flow.received('toward-client', Row.TURNS);
  return answers === 0 || flow.received('toward-client', Row.TURN_LONGEST) >= longest * CLOCK_RATE;
}

/** Clocks run alike to 100 ppm; a hundredth leaves room for what the taps themselves delay. */
const CLOCK_RATE = 0.99;

function slowPath(flow: FlowFacts, serverNs: number | null, pathNs: number | null): Draft | null {
  if (pathNs === null || pathNs < SLOW_PATH_NS) return null;
  // Where data was sent again, the wait is the loss's, which has its own verdict.
  if (BOTH_WAYS.some((toward) => flow.sent(toward, Row.REPEATS) > 0)) return null;
  const turns = flow.sent('toward-client', Row.TURNS);
  return draft({
    code: 'slow-path',
    grade: turns > 1 ? 'likely' : 'possible',
    flow,
    direction: 'both',
    blame: 'path',
    // Measured, whatever the grade of calling it a fault.
    statement: () =>
      `The path took ${formatDuration(pathNs)} of each request and answer, both ways together, without loss; the server ${formatDuration(serverNs ?? 0)}.`,
    attributes: milliseconds(serverNs, pathNs),
    evidence: [exhibit('measured', "the client's wait less the server's, each on its own clock")],
    assumptions: [{ text: 'nothing is meant to be this far away (satellite)', checked: false }],
  });
}

function milliseconds(serverNs: number | null, pathNs: number | null) {
  const round = (ns: number | null) => (ns === null ? null : Math.round(ns / NS_PER_MS));
  return { serverMs: round(serverNs), pathMs: round(pathNs) };
}
