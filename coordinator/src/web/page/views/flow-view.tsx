import type { Ladder } from '@bothends/proto';
import { plusMinus } from '@bothends/proto/report/words';
import { Component, type ComponentChildren } from 'preact';
import { LadderView } from '../ladder/ladder.js';
import { type Layout, layOut, rowNear, rowOfPacket, troubles } from '../ladder/layout.js';
import { rowSentence } from '../ladder/words.js';
import { ShareButton } from '../parts.js';
import { Plots } from '../plots/flow-plots.js';
import { type PacketMark, pathOf } from '../routes.js';

interface FlowViewProps {
  id: string;
  ladder: Ladder;
  packet: PacketMark | null;
}

interface FlowViewState {
  selected: number;
}

/** Plots and ladder of a flow around one selected packet. */
export class FlowView extends Component<FlowViewProps, FlowViewState> {
  readonly #layout: Layout;
  readonly #troubles: number[];
  override state: FlowViewState;

  constructor(props: FlowViewProps) {
    super(props);
    const { rows } = props.ladder;
    this.#layout = layOut(rows);
    this.#troubles = troubles(rows);
    this.state = { selected: rowOfPacket(rows, props.packet) ?? 0 };
  }

  override componentDidUpdate(before: FlowViewProps): void {
    const { packet, ladder } = this.props;
    const row = rowOfPacket(ladder.rows, packet);
    const same = before.packet?.end === packet?.end && before.packet?.number === packet?.number;
    if (!same && row !== null) this.setState({ selected: row });
  }

  readonly #select = (selected: number): void => this.setState({ selected });

  /** To the next or the previous row at which something is wrong. */
  #step(forward: boolean): void {
    const { selected } = this.state;
    const next = forward
      ? this.#troubles.find((row) => row > selected)
      : this.#troubles.findLast((row) => row < selected);
    if (next !== undefined) this.#select(next);
  }

  override render(): ComponentChildren {
    const { ladder } = this.props;
    const { selected } = this.state;
    const row = ladder.rows[selected];
    if (row === undefined) return <p class="quiet">This flow has no packets.</p>;
    return (
      <div>
        <Plots
          rows={ladder.rows}
          clock={ladder.clock}
          select={(timeNs) => this.#select(rowNear(ladder.rows, timeNs))}
        />
        <section aria-label="Ladder" class="card">
          {this.#toolbar()}
          <LadderView rows={ladder.rows} layout={this.#layout} selected={selected} select={this.#select} />
          <p class="details" aria-live="polite">
            {rowSentence(row, selected)}
          </p>
          <p class="quiet">{clockNote(ladder)}</p>
          <Legend />
        </section>
      </div>
    );
  }

  #toolbar(): ComponentChildren {
    const { id, ladder } = this.props;
    const { selected } = this.state;
    const count = this.#troubles.length;
    return (
      <div class="line toolbar">
        <h2>Packet by packet</h2>
        <span class="quiet">
          {count === 0 ? 'nothing lost, forged, repeated or reset' : `${count} to look at`}
        </span>
        <button
          type="button"
          class="small"
          disabled={!this.#troubles.some((row) => row < selected)}
          onClick={() => this.#step(false)}
        >
          ↑ Previous
        </button>
        <button
          type="button"
          class="small"
          disabled={!this.#troubles.some((row) => row > selected)}
          onClick={() => this.#step(true)}
        >
          ↓ Next
        </button>
        <ShareButton
          path={pathOf({ view: 'flow', id, flow: ladder.flow.id, packet: this.#mark() })}
          label="Copy link"
        />
      </div>
    );
  }

  #mark(): PacketMark | null {
    const row = this.props.ladder.rows[this.state.selected];
    if (row?.clientNumber != null) return { end: 'client', number: row.clientNumber };
    return row?.serverNumber != null ? { end: 'server', number: row.serverNumber } : null;
  }
}

function clockNote({ clock: { offsetNs, errorNs } }: Ladder): string {
  if (offsetNs === null)
    return 'The difference of the two clocks is not known: times at the server are its own.';
  return `Both ends are on the client's clock; the server's differs by ${plusMinus(offsetNs, errorNs)}.`;
}

function Legend(): ComponentChildren {
  return (
    <ul class="legend quiet">
      <li>→ delivered</li>
      <li>✗ lost on the path</li>
      <li>✸ put in by the path</li>
      <li>┄ ? the other tap may have missed it</li>
      <li>↻ repeats an earlier packet</li>
    </ul>
  );
}
