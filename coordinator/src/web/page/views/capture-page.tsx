import type { Finding, PathHistory } from '@bothends/proto';
import { NOTE_CODES } from '@bothends/proto/report/codes';
import { Component, type ComponentChildren } from 'preact';
import type { CaptureView, SessionView, SummaryView } from '../api-types.js';
import type { Client, Problem } from '../client.js';
import { follow } from '../live.js';
import { Load, ProblemNote, problemOf } from '../load.js';
import { Grade, isRunning, Prose, StateBadge, Time, Trail } from '../parts.js';
import { CaptureTimeline } from '../plots/capture-timeline.js';
import { EVERY_FLOW, pathOf } from '../routes.js';
import { type LiveView, ReportView } from './report-view.js';
import { TapCounters } from './tap-counters.js';

/** Coverage and counts of a running capture are looked at again this often; findings come at once. */
const LIVE_REPORT_MS = 3000;

/** Pause before a coordinator that does not answer is asked again. */
const RETRY_MS = 2000;

interface CapturePageProps {
  id: string;
  client: Client;
  session: SessionView;
}

interface CapturePageState {
  capture: CaptureView | null;
  findings: readonly Finding[];
  isOver: boolean;
  isConnected: boolean;
  problem: Problem | null;
  isStopping: boolean;
}

/** One capture: live while it runs, then its report. */
export class CapturePage extends Component<CapturePageProps, CapturePageState> {
  override state: CapturePageState = {
    capture: null,
    findings: [],
    isOver: false,
    isConnected: true,
    problem: null,
    isStopping: false,
  };
  #unfollow: () => void = () => {};
  #retry = 0;

  override componentDidMount(): void {
    void this.#open();
  }

  override componentWillUnmount(): void {
    this.#unfollow();
    clearTimeout(this.#retry);
  }

  async #open(): Promise<void> {
    const { client, id } = this.props;
    try {
      const capture = await client.get<CaptureView>(`/api/captures/${encodeURIComponent(id)}`);
      document.title = `${capture.name || capture.id} · bothends`;
      this.setState({ capture, isOver: !isRunning(capture.state) });
      this.#unfollow = follow(id, {
        state: (now) => this.setState({ capture: now }),
        findings: (findings) => this.setState({ findings }),
        over: (text) => this.#ended(text),
        connected: (isConnected) => this.setState({ isConnected }),
        lost: () => this.#openLater(),
      });
    } catch (error) {
      const problem = problemOf(error);
      // A coordinator that starts again is followed again; whatever else is wrong stays so.
      if (problem.code === 'unavailable' && this.state.capture !== null) this.#openLater();
      else this.setState({ problem });
    }
  }

  #openLater(): void {
    clearTimeout(this.#retry);
    this.#retry = window.setTimeout(() => void this.#open(), RETRY_MS);
  }

  #ended(problem: string): void {
    if (problem === '') this.setState({ isOver: true, isConnected: true });
    else this.setState({ problem: problemOf(new Error(problem)) });
  }

  readonly #stop = async (): Promise<void> => {
    this.setState({ isStopping: true });
    if (!(await this.#order('stop'))) this.setState({ isStopping: false });
  };

  readonly #approve = (): void => void this.#order('approve');

  /** False when it was refused. */
  async #order(what: 'stop' | 'approve'): Promise<boolean> {
    try {
      await this.props.client.post(`/api/captures/${encodeURIComponent(this.props.id)}/${what}`, {});
      this.setState({ problem: null });
      return true;
    } catch (error) {
      this.setState({ problem: problemOf(error) });
      return false;
    }
  }

  override render(): ComponentChildren {
    const { capture, problem, isConnected } = this.state;
    if (capture === null) return problem ? <ProblemNote problem={problem} /> : <p class="quiet">Loading…</p>;
    const { session } = this.props;
    // The address may have its name; what is shared from here has its id, which no other capture ever gets.
    const { id } = capture;
    const running = isRunning(capture.state);
    return (
      <div>
        <Trail steps={[['Captures', pathOf({ view: 'captures' })]]} />
        <div class="line">
          <h1>{capture.name || capture.id}</h1>
          <StateBadge state={capture.state} />
          {running && session.mayOperate && (
            <button type="button" disabled={this.state.isStopping} onClick={() => void this.#stop()}>
              {this.state.isStopping ? 'Stopping both taps…' : 'Stop'}
            </button>
          )}
        </div>
        <p class="quiet">
          <Time at={capture.startedAt ?? capture.requestedAt} /> UTC · by {capture.requestedBy}
          {capture.extras !== '' && `, with ${capture.extras}`} · <code>{id}</code>
          {capture.filter !== '' && (
            <span>
              {' '}
              · filter <code>{capture.filter}</code>
            </span>
          )}
        </p>
        {problem && <ProblemNote problem={problem} />}
        {capture.reason !== '' && <p class="problem">{capture.reason}</p>}
        {!isConnected && <p class="problem">The connection to the coordinator broke; trying again.</p>}
        {running && <TapCounters id={id} taps={capture.taps} session={session} approve={this.#approve} />}
        {this.#report(capture)}
      </div>
    );
  }

  #live({ id, headline }: CaptureView): LiveView {
    const faults = faultsOf(this.state.findings);
    const isFaulty = faults.some(({ grade }) => grade !== 'inconclusive');
    return { headline, isFaulty, findings: <LiveFindings id={id} faults={faults} headline={headline} /> };
  }

  /** Reports come once something is recorded; the final one replaces the running one when the capture is over. */
  #report(capture: CaptureView): ComponentChildren {
    const { id, state } = capture;
    if (['requested', 'asking', 'arming', 'armed', 'failed'].includes(state)) return null;
    const { client } = this.props;
    const { isOver } = this.state;
    const path = `/api/captures/${encodeURIComponent(id)}/summary`;
    return (
      <Load
        from={isOver ? `${path}?final` : path}
        refreshMs={isOver ? 0 : LIVE_REPORT_MS}
        load={(from, signal) => client.get<SummaryView>(from, signal)}
        show={(summary) => (
          <div>
            <ReportView
              id={id}
              summary={summary}
              live={isOver ? null : this.#live(capture)}
              timeline={this.#timeline(id, summary)}
            />
            <p>
              <a class="button" href={pathOf({ view: 'flows', id, search: EVERY_FLOW })}>
                All flows
              </a>{' '}
              <a class="button" href={`/api/captures/${encodeURIComponent(id)}/report.json`} download>
                Report as JSON
              </a>
            </p>
          </div>
        )}
      />
    );
  }

  #timeline(id: string, { taps, clock }: SummaryView): ComponentChildren {
    const { client } = this.props;
    const { isOver } = this.state;
    const path = `/api/captures/${encodeURIComponent(id)}/history`;
    const show = (history: PathHistory | null) => (
      <CaptureTimeline taps={taps} clock={clock} history={history} />
    );
    return (
      <Load
        from={isOver ? `${path}?final` : path}
        refreshMs={isOver ? 0 : LIVE_REPORT_MS}
        load={(from, signal) => client.get<PathHistory>(from, signal)}
        show={show}
        meanwhile={show(null)}
        otherwise={() => show(null)}
      />
    );
  }
}

interface LiveFindingsProps {
  id: string;
  faults: readonly Finding[];
  /** Stands above; a statement that is in it is not said again. */
  headline: string;
}

/** What the evidence says so far, read out by screen readers as it comes. */
function LiveFindings({ id, faults, headline }: LiveFindingsProps): ComponentChildren {
  return (
    <section aria-live="polite" class="live">
      <h2>Findings so far</h2>
      {faults.length === 0 && <p class="quiet">None yet.</p>}
      <ul>
        {faults.map((finding) => (
          <li key={finding.id}>
            <Grade grade={finding.grade} />{' '}
            <a href={pathOf({ view: 'finding', id, finding: finding.id })}>
              <code>{finding.code}</code>
            </a>{' '}
            {!headline.includes(finding.statement) && <Prose text={finding.statement} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function faultsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ code, consequenceOf }) => !NOTE_CODES.has(code) && consequenceOf === null);
}
