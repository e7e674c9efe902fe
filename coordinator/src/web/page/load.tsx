import { Component, type ComponentChildren } from 'preact';
import { Problem } from './client.js';

interface LoadProps<T> {
  /** What is loaded, as an address; another one loads anew. */
  from: string;
  load: (from: string, signal: AbortSignal) => Promise<T>;
  show: (value: T) => ComponentChildren;
  /** Load again after so many ms; 0: once. */
  refreshMs?: number;
  /** Drawn until it is there. */
  meanwhile?: ComponentChildren;
  /** Drawn instead of an error, where one is expected; null: the error. */
  otherwise?: (problem: Problem) => ComponentChildren | null;
}

type LoadState<T> =
  | { state: 'loading' }
  | { state: 'shown'; from: string; value: T }
  | { state: 'failed'; problem: Problem };

/** Loads something and shows it. What was shown stays until the next is there, so that nothing flickers. */
export class Load<T> extends Component<LoadProps<T>, LoadState<T>> {
  override state: LoadState<T> = { state: 'loading' };
  #current: AbortController | null = null;
  #timer = 0;

  override componentDidMount(): void {
    void this.#load();
  }

  override componentDidUpdate(before: LoadProps<T>): void {
    if (before.from !== this.props.from || before.refreshMs !== this.props.refreshMs) void this.#load();
  }

  override componentWillUnmount(): void {
    this.#current?.abort();
    clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    this.#current?.abort();
    clearTimeout(this.#timer);
    const current = new AbortController();
    this.#current = current;
    const { from, load } = this.props;
    try {
      const value = await load(from, current.signal);
      if (!current.signal.aborted) this.setState({ state: 'shown', from, value });
    } catch (error) {
      if (!current.signal.aborted) this.setState({ state: 'failed', problem: problemOf(error) });
    }
    const { refreshMs = 0 } = this.props;
    if (refreshMs > 0 && !current.signal.aborted) {
      this.#timer = window.setTimeout(() => void this.#load(), refreshMs);
    }
  }

  override render(): ComponentChildren {
    const { state } = this;
    if (state.state === 'loading')
      return (
        this.props.meanwhile ?? (
          <p class="quiet" role="status">
            Loading…
          </p>
        )
      );
    if (state.state === 'failed') {
      return this.props.otherwise?.(state.problem) ?? <ProblemNote problem={state.problem} />;
    }
    return <div aria-busy={state.from !== this.props.from}>{this.props.show(state.value)}</div>;
  }
}

export function ProblemNote({ problem }: { problem: Problem }): ComponentChildren {
  return (
    <p class="problem" role="alert">
      {problem.message}
    </p>
  );
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({ code: 'internal', message: error instanceof Error ? error.message : String(error) });
}
