import type { CaptureFacts, FlowFacts } from '../../facts/flow-facts.js';
import { gradeCase } from '../../grade.js';
import { relative, vouch } from '../../taps.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';

/** `no-attempt`: the client's tap saw nothing that was meant for the port that the operator asked about. */
export function noAttempt(capture: CaptureFacts, flows: readonly FlowFacts[]): Draft[] {
  const { port } = capture;
  const client = capture.taps[capture.clientTap];
  if (port === null || !isOver(capture)) return [];
  if (flows.some((flow) => flow.server.port === port || flow.serverView?.server.port === port)) return [];
  const { openedNs, closedNs } = client.coverage ?? { openedNs: null, closedNs: null };
  const opened = openedNs === null ? client.first : relative(client, openedNs);
  const closed = closedNs === null ? client.last : relative(client, closedNs);
  const word = vouch(client, opened, closed, capture.vouchComplete);
  const elsewhere = attemptsElsewhere(capture, port);
  const control = capture.witness.hasControl;
  const name = client.description.name;
  return [
    draft({
      code: 'no-attempt',
      grade: gradeCase({
        lines: 1 + Number(control),
        conclusive: false,
        absence: word.level,
        headersOnly: false,
        counter: elsewhere.length,
      }),
      flow: null,
      direction: 'toward-server',
      blame: 'client-host',
      statement:
        elsewhere.length === 0
          ? `The client never tried: in the whole capture (${name}) no packet for port ${port} left it.`
          : `The client (${name}) did not try port ${port} of the other host, but of ${elsewhere.join(', ')}: another address than expected, or a proxy.`,
      attributes: { port, otherAddresses: elsewhere.join(' ') || null },
      evidence: [
        exhibit('silence', `no SYN and no datagram for port ${port} in ${name}'s capture: ${word.why}`),
        control && exhibit('control', 'other traffic between the two hosts is in both captures'),
      ],
      counter: [
        elsewhere.length > 0 && exhibit('elsewhere', `port ${port} was tried at ${elsewhere.join(', ')}`),
      ],
      assumptions: [
        assume(word.level, word.why),
        {
          text: 'the capture covers the interface and network namespace that the application uses',
          checked: false,
        },
      ],
      missing: [
        `whether the application resolves the name and calls connect() at all: its log, \`strace -f -e trace=network\`, \`nft list ruleset\` (OUTPUT), \`ip route get\``,
      ],
    }),
  ];
}

/** While a tap is open the attempt may still come. */
function isOver(capture: CaptureFacts): boolean {
  return capture.taps.every(
    (tap) => tap.finished || (tap.coverage !== null && tap.coverage.closedNs !== null),
  );
}

/** Addresses that anybody at the client's tap tried on this port; the report leaves their flows out as none of the two hosts'. */
function attemptsElsewhere(capture: CaptureFacts, port: number): string[] {
  const { intake } = capture;
  const { store } = intake;
  const addresses = new Set<string>();
  for (let flow = 0; flow < store.table.count; flow++) {
    for (let endpoint = 0; endpoint < 2; endpoint++) {
      if (store.table.port(flow, endpoint) !== port) continue;
      if (capture.orientation.senderTap(flow, 1 - endpoint) === capture.clientTap)
        addresses.add(intake.address(flow, endpoint));
    }
  }
  return [...addresses].sort();
}
