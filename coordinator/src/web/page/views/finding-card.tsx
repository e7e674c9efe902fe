import type { Evidence, Finding } from '@bothends/proto';
import { asides, fields, grouped, tuple } from '@bothends/proto/report/words';
import type { ComponentChildren } from 'preact';
import type { GroupView } from '../api-types.js';
import { Grade, Prose, ShareButton, Time } from '../parts.js';
import { EVERY_FLOW, type PacketMark, pathOf } from '../routes.js';

interface FindingCardProps {
  /** Of the capture. */
  id: string;
  group: GroupView;
  /** What stands above it already; a statement that is in it is not said again. */
  headline?: string;
}

/** One finding: what, where, why, what would weaken it, what to do. */
export function FindingCard({ id, group, headline = '' }: FindingCardProps): ComponentChildren {
  const { lead, flow, alike, consequences } = group;
  const path = pathOf({ view: 'finding', id, finding: lead.id });
  return (
    <article class={`card finding finding-${lead.grade}`} aria-labelledby={`finding-${lead.id}`}>
      <div class="line">
        <h2 id={`finding-${lead.id}`}>
          <a href={path}>
            <code>{lead.code}</code>
          </a>
        </h2>
        <Grade grade={lead.grade} />
        <ShareButton path={path} label="Copy link" />
      </div>
      {!headline.includes(lead.statement) && (
        <p class="statement">
          <Prose text={lead.statement} />
        </p>
      )}
      <p class="quiet">
        {fields(lead).join(' · ')}
        {lead.at !== null && [' · ', <Time at={lead.at} />, ' UTC']}
      </p>
      {flow && (
        <p>
          <a class="button" href={pathOf({ view: 'flow', id, flow: flow.id, packet: markOf(group) })}>
            Packet by packet
          </a>{' '}
          <code>{tuple(flow)}</code> {asides(flow).join('; ')}
        </p>
      )}
      {alike > 0 && (
        <p>
          The same on{' '}
          <a href={pathOf({ view: 'flows', id, search: { ...EVERY_FLOW, code: lead.code } })}>
            {grouped(alike)} more
          </a>
          .
        </p>
      )}
      <Reasons id={id} title="Evidence" mark="✓" kind="for" items={lead.evidence} group={group} />
      <Reasons
        id={id}
        title="What speaks against it"
        mark="✗"
        kind="against"
        items={lead.counter}
        group={group}
      />
      <Texts title="Checked" mark="✓" kind="for" texts={assumed(lead, true)} />
      <Texts
        title="Assumed, not checked; it would weaken this"
        mark="?"
        kind=""
        texts={assumed(lead, false)}
      />
      <Texts title="What is missing" mark="–" kind="" texts={lead.missing} />
      <Texts
        title="Consequences"
        mark="↳"
        kind=""
        texts={consequences.map((f) => `\`${f.code}\` ${f.statement}`)}
      />
      {lead.remedy !== null && (
        <div class="remedy">
          <h3>What to do</h3>
          <p>
            <Prose text={lead.remedy} />
          </p>
        </div>
      )}
    </article>
  );
}

interface ReasonsProps {
  id: string;
  title: string;
  mark: string;
  kind: string;
  items: readonly Evidence[];
  group: GroupView;
}

/** Packets named before the rest is only counted. */
const PACKETS_SHOWN = 6;

function Reasons({ id, title, mark, kind, items, group }: ReasonsProps): ComponentChildren {
  if (items.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul class="marks">
        {items.map((item) => (
          <li class={kind} data-mark={mark}>
            <Prose text={item.text} />
            {item.packets.slice(0, PACKETS_SHOWN).map((packet) => [' ', packetLink(id, group, packet)])}
            {item.packets.length > PACKETS_SHOWN && (
              <span class="quiet"> and {item.packets.length - PACKETS_SHOWN} more</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

function packetLink(
  id: string,
  { lead: { flow }, ends }: GroupView,
  packet: Evidence['packets'][number],
): ComponentChildren {
  const text = `${packet.tap} #${packet.number}`;
  const end = ends[packet.tap];
  if (flow === null || end === undefined) return <span class="packet">{text}</span>;
  const path = pathOf({ view: 'flow', id, flow, packet: { end, number: packet.number } });
  return (
    <a class="packet" href={path} title={`${packet.at} ${packet.text}`}>
      {text}
    </a>
  );
}

function Texts(props: {
  title: string;
  mark: string;
  kind: string;
  texts: readonly string[];
}): ComponentChildren {
  const { title, mark, kind, texts } = props;
  if (texts.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul class="marks">
        {texts.map((text) => (
          <li class={kind} data-mark={mark}>
            <Prose text={text} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function assumed({ assumptions }: Finding, checked: boolean): string[] {
  return assumptions.filter((each) => each.checked === checked).map(({ text }) => text);
}

/** The first packet that the finding rests on. */
function markOf({ lead, ends }: GroupView): PacketMark | null {
  for (const { tap, number } of lead.evidence.flatMap(({ packets }) => packets)) {
    const end = ends[tap];
    if (end !== undefined) return { end, number };
  }
  return null;
}
