import type { LadderRow } from '@bothends/proto';
import { formatDuration } from '@bothends/proto/time/nanoseconds';
import { Component, type ComponentChildren, createRef } from 'preact';
import { type Layout, visibleLines } from './layout.js';
import { LadderLine, type Lane, laneOf } from './line.js';
import { LINE_HEIGHT } from './size.js';
import { rowSentence } from './words.js';

interface LadderViewProps {
  rows: readonly LadderRow[];
  layout: Layout;
  selected: number;
  select: (row: number) => void;
}

interface LadderViewState {
  scrollTop: number;
  width: number;
  height: number;
}

/**
 * The ladder: client left, server right, one packet a line. Only the lines in sight are in the document, so that ten
 * thousand scroll like ten. A list box to screen readers: arrow keys go from packet to packet.
 */
export class LadderView extends Component<LadderViewProps, LadderViewState> {
  override state: LadderViewState = { scrollTop: 0, width: 720, height: 480 };
  readonly #box = createRef<HTMLDivElement>();
  readonly #observer = new ResizeObserver(() => this.#measure());
  #frame = 0;

  override componentDidMount(): void {
    const box = this.#box.current;
    if (box === null) return;
    this.#observer.observe(box);
    this.#measure();
    this.#reveal();
  }

  override componentDidUpdate(before: LadderViewProps): void {
    if (before.selected !== this.props.selected) this.#reveal();
  }

  override componentWillUnmount(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  #measure(): void {
    const box = this.#box.current;
    if (box !== null) this.setState({ width: box.clientWidth, height: box.clientHeight });
  }

  /** Brings the selected packet into sight, a third from the top unless it is there already. */
  #reveal(): void {
    const box = this.#box.current;
    if (box === null) return;
    const top = (this.props.layout.lineOf[this.props.selected] ?? 0) * LINE_HEIGHT;
    const hidden = top < box.scrollTop || top + LINE_HEIGHT > box.scrollTop + box.clientHeight;
    if (hidden) box.scrollTop = Math.max(0, top - box.clientHeight / 3);
  }

  readonly #scrolled = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.setState({ scrollTop: this.#box.current?.scrollTop ?? 0 });
    });
  };

  readonly #key = (event: KeyboardEvent): void => {
    const { rows, selected, select } = this.props;
    const page = Math.max(1, Math.floor(this.state.height / LINE_HEIGHT) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.length,
      End: rows.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    select(Math.min(rows.length - 1, Math.max(0, selected + step)));
  };

  readonly #click = (event: MouseEvent): void => {
    const box = this.#box.current;
    if (box === null) return;
    const y = event.clientY - box.getBoundingClientRect().top + box.scrollTop;
    const line = this.props.layout.lines[Math.floor(y / LINE_HEIGHT)];
    if (line?.kind === 'packet') this.props.select(line.row);
  };

  override render(): ComponentChildren {
    const { rows, layout, selected } = this.props;
    const { scrollTop, width, height } = this.state;
    const { from, to } = visibleLines(scrollTop, height, LINE_HEIGHT, layout.lines.length);
    const lane = laneOf(width);
    return (
      <div>
        <div class="ladder-head" aria-hidden="true">
          <span>seconds</span>
          <span>client</span>
          <span>server</span>
        </div>
        <div
          class="ladder"
          style={{ height: `${layout.lines.length * LINE_HEIGHT + 2}px` }}
          ref={this.#box}
          tabIndex={0}
          role="listbox"
          aria-label={`${rows.length} packets: arrow keys go from one to the next`}
          aria-activedescendant={`row-${selected}`}
          onScroll={this.#scrolled}
          onKeyDown={this.#key}
          onClick={this.#click}
        >
          <div class="ladder-all" role="none" style={{ height: `${layout.lines.length * LINE_HEIGHT}px` }}>
            <svg
              role="none"
              width={width}
              height={(to - from) * LINE_HEIGHT}
              style={{ top: `${from * LINE_HEIGHT}px` }}
            >
              {layout.lines.slice(from, to).map((line, i) => this.#line(line, i * LINE_HEIGHT, from, lane))}
              <line class="rail" x1={lane.left} x2={lane.left} y1={0} y2="100%" />
              <line class="rail" x1={lane.right} x2={lane.right} y1={0} y2="100%" />
            </svg>
          </div>
        </div>
      </div>
    );
  }

  #line(line: Layout['lines'][number], y: number, from: number, lane: Lane): ComponentChildren {
    const { rows, layout, selected } = this.props;
    if (line.kind === 'idle') {
      return (
        <text class="idle" x={(lane.left + lane.right) / 2} y={y + LINE_HEIGHT * 0.62} text-anchor="middle">
          ┄ {formatDuration(line.ns)} of silence ┄
        </text>
      );
    }
    const row = rows[line.row];
    if (row === undefined) return null;
    const original = row.retransmissionOf;
    return (
      <g
        key={line.row}
        id={`row-${line.row}`}
        role="option"
        aria-selected={line.row === selected}
        aria-posinset={line.row + 1}
        aria-setsize={rows.length}
        aria-label={rowSentence(row, line.row)}
      >
        <LadderLine
          row={row}
          y={y}
          lane={lane}
          isSelected={line.row === selected}
          originalY={original === null ? null : ((layout.lineOf[original] ?? 0) - from) * LINE_HEIGHT}
        />
      </g>
    );
  }
}
