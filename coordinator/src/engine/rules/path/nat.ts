import type { Endpoint } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { type Draft, draft, exhibit } from '../draft.js';
import { gradeChange } from './change.js';

/** `nat`: the two ends know one connection by two tuples. */
export function nat(flow: FlowFacts): Draft[] {
  const view = flow.serverView;
  if (!view || flow.matched === 0) return [];
  const clientMoves = !same(flow.client, view.client);
  const serverMoves = !same(flow.server, view.server);
  const [inside, outside] = clientMoves ? [flow.client, view.client] : [flow.server, view.server];
  const who = clientMoves ? 'client' : 'server';
  const pair = flow.packets.find((p) => p.sent && p.received && !p.icmp);
  return [
    draft({
      code: 'nat',
      grade: gradeChange(),
      flow,
      direction: 'both',
      sender: 'path',
      blame: 'path',
      at: pair?.received ?? null,
      statement: `The path translates addresses: the ${who} is ${text(inside)} at the client's end and ${text(outside)} at the server's.`,
      attributes: {
        before: text(inside),
        after: text(outside),
        kind: clientMoves && serverMoves ? 'both' : clientMoves ? 'source' : 'destination',
      },
      evidence: [
        exhibit('translated', 'the same sequence numbers, time stamps and payload under two tuples', pair),
      ],
    }),
  ];
}

function same(a: Endpoint, b: Endpoint): boolean {
  return a.address === b.address && a.port === b.port;
}

const text = (e: Endpoint) =>
  e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`;
