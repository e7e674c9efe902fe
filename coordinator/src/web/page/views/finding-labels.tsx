import type { ComponentChildren } from 'preact';
import type { FlowRow } from '../api-types.js';
import { pathOf } from '../routes.js';

/** The findings of a flow by their codes, each a link to what it says; faults in the colour of their grade. */
export function FindingLabels({ id, labels }: { id: string; labels: FlowRow['labels'] }): ComponentChildren {
  return labels.map((label) => (
    <a
      class={label.note ? 'label note' : `label grade-${label.grade}`}
      href={pathOf({ view: 'finding', id, finding: label.id })}
    >
      {label.code}
      {!label.note && <span class="visually-hidden"> ({label.grade})</span>}
    </a>
  ));
}
