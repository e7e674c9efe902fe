import { BothendsError, type PodReference, podText } from '@bothends/proto';
import type { PodName, PodsFound } from '@bothends/proto/gen/bothends/v1/agent';
import type { PodAnswers } from '../../fleet/pod-search.js';
import { printable } from '../../trust/names.js';

/** A person reads this: agents of a large fleet that say the same are counted. */
const MAX_NAMES = 4;
/** An agent's sentences have some hundred characters. */
const MAX_REASON = 300;

/**
 * No agent has the pod: what each of them said. A policy that refuses is the reason wherever there is one.
 * @param online names of all agents that are connected; those without an answer were not asked, or did not give one
 */
export function podUnknown(
  wanted: PodReference,
  answers: PodAnswers,
  asked: readonly string[],
  online: readonly string[],
): BothendsError {
  const said = new Map<string, string[]>();
  for (const agent of online) {
    const text = sentence(answers.get(agent), asked.includes(agent));
    said.set(text, [...(said.get(text) ?? []), agent]);
  }
  const nodes =
    [...said].map(([text, agents]) => `${listed(agents)}: ${text}`).join('; ') || 'no agent is online';
  const refused = [...answers.values()].some(({ code }) => code === 'permission-denied');
  return new BothendsError(
    refused ? 'permission-denied' : 'not-found',
    `no agent has ${podText(wanted)}, so nobody starts. ${nodes}`,
  );
}

/** Several pods may be meant: all of them, with their nodes. */
export function podAmbiguous(
  wanted: PodReference,
  found: readonly { agent: string; pod: PodName }[],
): BothendsError {
  const places = found.slice(0, MAX_NAMES).map(({ agent, pod }) => `${podText(pod)} on ${agent}`);
  const same = new Set(found.map(({ pod }) => podText(pod))).size === 1;
  const instead = same
    ? 'their nodes are of different clusters: capture the node that you mean, with a filter'
    : 'write its namespace, too';
  return new BothendsError(
    'invalid-argument',
    `${podText(wanted)} may be ${places.join(' or ')}: ${instead}`,
  );
}

function sentence(answer: PodsFound | undefined, asked: boolean): string {
  if (!asked) return 'of a version that knows nothing of pods';
  if (answer === undefined) return 'did not answer';
  if (answer.reason !== '') return printableText(answer.reason);
  const near = answer.near.slice(0, MAX_NAMES).map((pod) => printable(podText(pod)));
  const pods = answer.seen === 1 ? '1 pod' : `${answer.seen} pods`;
  return `sees ${pods}${near.length > 0 ? `, such as ${near.join(', ')}` : ''}`;
}

function listed(agents: readonly string[]): string {
  const shown = agents.slice(0, MAX_NAMES).join(', ');
  return agents.length > MAX_NAMES ? `${shown} and ${agents.length - MAX_NAMES} more` : shown;
}

function printableText(text: string): string {
  return text.slice(0, MAX_REASON).replace(/[^\x20-\x7e]/g, '?');
}
