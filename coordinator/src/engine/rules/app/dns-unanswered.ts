import { type DnsTransaction, dnsTransactions, typeName } from '../../facts/dns.js';
import { ANSWER_NS, isUnanswered, type Place, placeOf, waitOf } from '../../facts/dns-place.js';
import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet, Sighting } from '../../facts/packet.js';
import { answeredTypes } from '../../facts/resolvers.js';
import { controlLine, silenceAbout } from '../../facts/silence.js';
import { placeAssumed, tapPlace } from '../../facts/tap-place.js';
import { gradeCase, weakest } from '../../grade.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { carriesClaim, count } from '../words.js';

interface Unanswered {
  flow: FlowFacts;
  place: Place;
  type: string | null;
  /** Transactions of this type and place, none of them answered. */
  transactions: DnsTransaction[];
  /** Types that this resolver did answer, where it answered none of this one. */
  answered: string[];
}

/** `dns-unanswered`: one finding for each query type and place of a flow. */
export function dnsUnanswered(flow: FlowFacts): Draft[] {
  const groups = new Map<string, Unanswered>();
  for (const t of dnsTransactions(flow)) {
    if (!isUnanswered(flow, t)) continue;
    const place = placeOf(flow, t);
    const type = typeName(t.type);
    const key = `${place} ${type}`;
    const group = groups.get(key) ?? {
      flow,
      place,
      type,
      transactions: [],
      answered: answeredOthers(flow, t.type),
    };
    group.transactions.push(t);
    groups.set(key, group);
  }
  return [...groups.values()].map((g) => DRAFTS[g.place](g));
}

/** Names of the other types that this resolver answered, this one not at all. */
function answeredOthers(flow: FlowFacts, type: number): string[] {
  const answered = answeredTypes(flow.capture, flow.server.address);
  if (answered.has(type)) return [];
  return [...answered].map(typeName).filter((name) => name !== null);
}

const DRAFTS: Readonly<Record<Place, (u: Unanswered) => Draft>> = {
  'query-lost': queryLost,
  'resolver-silent': resolverSilent,
  'answer-lost': answerLost,
  unclear,
};

function queryLost(u: Unanswered): Draft {
  const lost = queriesOf(u).filter((p) => p.fate === 'lost');
  const quiet = silenceAbout(u.flow, lost);
  const grade = gradeCase({
    ...NO_DOUBT,
    // Seen on one side of the path, not on the other: with both taps complete nothing else is left.
    conclusive: true,
    lines: quiet.lines + controlLine(u.flow),
    absence: quiet.level,
  });
  return draft({
    ...common(u, lost[0]?.sent ?? null),
    grade,
    direction: 'toward-server',
    sender: 'client',
    blame: 'path',
    statement: (final) =>
      `${subject(u)} left the client ${carriesClaim(final) ? `and never reached ${resolver(u)}: lost on the way there` : `and is not in the capture at ${resolver(u)}: lost on the way there, or missed by that capture`}${contrast(u)}.`,
    evidence: [
      exhibit(
        'seen-leaving',
        `${count(queriesOf(u).length, 'transmission')} left the client`,
        ...queriesOf(u),
      ),
      exhibit('absent-at-receiver', `the resolver's capture has none of them: ${quiet.why}`, lost[0]),
      exhibit('no-answer', 'no answer came back to the client either'),
      ...answeredToo(u),
    ],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing:
      quiet.level === 'complete'
        ? []
        : ["a drop count of the resolver's capture, and other traffic of this client in it"],
  });
}

function resolverSilent(u: Unanswered): Draft {
  const arrived = queriesOf(u).filter((p) => p.received);
  const first = arrived[0];
  const time = first?.received?.time ?? Number.NaN;
  const word = u.flow.vouchSilence(u.flow.receiverTap('toward-server'), time, time + ANSWER_NS);
  const again = askedAgain(u);
  const place = tapPlace(u.flow, 'server');
  const { why, behind } = place;
  const silent = why
    ? `and no answer came from there: ${behind} kept silent`
    : 'and no answer left that host: the resolver kept silent';
  const grade = gradeCase({ ...NO_DOUBT, lines: 2 + (again ? 1 : 0), absence: word.level });
  return draft({
    ...common(u, first?.received ?? null),
    grade,
    direction: 'toward-client',
    blame: why ? 'unknown' : 'server-host',
    statement: (final) =>
      `${subject(u)} reached ${why ? `the capture before ${resolver(u)}` : resolver(u)}, ${carriesClaim(final) ? silent : 'and neither capture has an answer: the resolver kept silent, or the captures missed it'}${contrast(u)}.`,
    evidence: [
      exhibit(
        'arrived',
        `${count(arrived.length, 'transmission')} arrived at the resolver's host`,
        ...arrived,
      ),
      exhibit('silence', `no answer left it: ${word.why}`),
      exhibit('no-answer', 'none reached the client', again),
      ...answeredToo(u),
    ],
    assumptions: [assume(word.level, word.why), ...placeAssumed(place)],
    missing: ["the resolver's log; a capture of what it asks its own upstream"],
  });
}

function answerLost(u: Unanswered): Draft {
  const lost = u.transactions.flatMap((t) => t.answers);
  const known = lost.filter((p) => p.fate === 'lost');
  const [first] = u.transactions;
  const quiet =
    known.length > 0 || !first ? silenceAbout(u.flow, known) : { lines: 1, ...waitOf(u.flow, first) };
  const again = askedAgain(u);
  const graded = gradeCase({
    ...NO_DOUBT,
    conclusive: true,
    lines: quiet.lines + controlLine(u.flow) + (again ? 1 : 0),
    absence: quiet.level,
  });
  // A client without an answer asks again; one that does not may have it, past a tap that missed it.
  const grade =
    again || quiet.level === 'complete'
      ? graded
      : weakest(graded, quiet.level === 'doubtful' ? 'inconclusive' : 'possible');
  return draft({
    ...common(u, lost[0]?.sent ?? null),
    grade,
    direction: 'toward-client',
    sender: 'server',
    blame: 'path',
    statement: (final) =>
      `${resolver(u)} answered ${subject(u, 'the')}, and the answer ${carriesClaim(final) ? 'never reached the client: lost on the return path' : "is not in the client's capture: lost on the return path, or missed by that capture"}${contrast(u)}.`,
    evidence: [
      exhibit('seen-leaving', `${count(lost.length, 'answer')} left the resolver`, ...lost),
      exhibit('absent-at-receiver', `the client's capture has none of them: ${quiet.why}`, lost[0]),
      again && exhibit('asked-again', 'the client asked again, so it had no answer', again),
      ...answeredToo(u),
    ],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing: quiet.level === 'complete' ? [] : ["a drop count of the client's capture"],
  });
}

function unclear(u: Unanswered): Draft {
  const [first] = queriesOf(u);
  const why = first?.vouching?.why ?? "the resolver's capture does not cover that moment";
  return draft({
    ...common(u, first?.sent ?? null),
    grade: 'inconclusive',
    direction: u.transactions.some((t) => t.answers.length > 0) ? 'toward-client' : 'toward-server',
    blame: 'unknown',
    statement: `${subject(u)} got no answer, and where it died cannot be told: ${why}.`,
    evidence: [exhibit('no-answer', 'no answer reached the client', ...queriesOf(u))],
    missing: ['a capture at the resolver that covers this moment'],
  });
}

const NO_DOUBT = { conclusive: false, headersOnly: false, counter: 0 } as const;

function common(u: Unanswered, at: Sighting | null) {
  return {
    code: 'dns-unanswered' as const,
    flow: u.flow,
    at,
    attributes: { type: u.type, rcode: null, queries: u.transactions.length, sent: queriesOf(u).length },
  };
}

function queriesOf(u: Unanswered): Packet[] {
  return u.transactions.flatMap((t) => t.queries);
}

/** A transmission of a question that its client had asked before, null when it asked but once. */
function askedAgain(u: Unanswered): Packet | null {
  for (const t of u.transactions) {
    const sent = t.queries.filter((p) => p.sent);
    const [first, second] = sent;
    if (first && second) return second;
  }
  return null;
}

function subject(u: Unanswered, article: 'A' | 'the' = 'A'): string {
  const what = `${u.type ?? 'DNS'} ${u.transactions.length === 1 ? 'query' : 'queries'}`;
  const sent = queriesOf(u).length;
  const times = sent > u.transactions.length ? ` (sent ${sent} times)` : '';
  if (u.transactions.length > 1) return `${u.transactions.length} ${what}${times}`;
  return `${article === 'A' && /^[AM]/.test(what) ? 'An' : article} ${what}${times}`;
}

function resolver(u: Unanswered): string {
  return `${u.flow.server.address} port ${u.flow.server.port}`;
}

/** What sets a dead AAAA path apart from a dead resolver. */
function contrast(u: Unanswered): string {
  return u.answered.length > 0 ? `, while ${u.answered.join(' and ')} queries to it were answered` : '';
}

function answeredToo(u: Unanswered) {
  return u.answered.length > 0
    ? [
        exhibit(
          'answered-others',
          `queries of type ${u.answered.join(', ')} were answered by the same resolver`,
        ),
      ]
    : [];
}
