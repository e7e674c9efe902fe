import { Component, type ComponentChildren } from 'preact';
import type { SessionView } from './api-types.js';
import { Client, type Problem } from './client.js';
import { ProblemNote, problemOf } from './load.js';
import { followLinks, goTo, startUrl } from './navigation.js';
import { pathOf, type Route, routeOf } from './routes.js';
import { CaptureList } from './views/capture-list.js';
import { CapturePage } from './views/capture-page.js';
import { FindingPage } from './views/finding-page.js';
import { FlowPage } from './views/flow-page.js';
import { FlowsPage } from './views/flows-page.js';
import { Login } from './views/login.js';

interface AppState {
  route: Route;
  /** Undefined until we know, null when nobody is signed in. */
  session: SessionView | null | undefined;
  problem: Problem | null;
}

/** The whole page: who is signed in, and which view is on. */
export class App extends Component<object, AppState> {
  override state: AppState = { route: routeOf(startUrl()), session: undefined, problem: null };
  readonly #client = new Client(() => this.setState({ session: null }));

  override componentDidMount(): void {
    followLinks((url) => this.setState({ route: routeOf(url) }));
    void this.#askSession();
  }

  async #askSession(): Promise<void> {
    try {
      this.setState({ session: await this.#client.session() });
    } catch (error) {
      this.setState({ problem: problemOf(error) });
    }
  }

  readonly #signedIn = (session: SessionView): void => {
    const { route } = this.state;
    this.setState({ session });
    if (route.view === 'login') goTo(route.next, 'replace');
  };

  readonly #signOut = async (): Promise<void> => {
    await this.#client.logOut().catch(() => {});
    this.setState({ session: null });
  };

  override render(): ComponentChildren {
    const { session } = this.state;
    return (
      <div class="frame">
        <a class="skip" href="#content">
          Skip to the content
        </a>
        <header class="top">
          <a class="brand" href="/">
            <img src="/assets/icon.svg" alt="" width="28" height="28" />
            bothends
          </a>
          {session && (
            <div class="who">
              <span>
                {session.name} <span class="quiet">({session.role})</span>
              </span>
              <button type="button" class="small" onClick={() => void this.#signOut()}>
                Sign out
              </button>
            </div>
          )}
        </header>
        <main id="content" tabIndex={-1}>
          {this.#content()}
        </main>
      </div>
    );
  }

  #content(): ComponentChildren {
    const { session, problem, route } = this.state;
    if (problem !== null) return <ProblemNote problem={problem} />;
    if (session === undefined) return <p class="quiet">Loading…</p>;
    if (session === null || route.view === 'login') {
      return <Login client={this.#client} signedIn={this.#signedIn} isSignedIn={session !== null} />;
    }
    return view(route, this.#client, session);
  }
}

function view(
  route: Exclude<Route, { view: 'login' }>,
  client: Client,
  session: SessionView,
): ComponentChildren {
  switch (route.view) {
    case 'captures':
      return <CaptureList client={client} session={session} />;
    case 'capture':
      return <CapturePage key={route.id} id={route.id} client={client} session={session} />;
    case 'finding':
      return <FindingPage id={route.id} finding={route.finding} client={client} />;
    case 'flows':
      return <FlowsPage id={route.id} search={route.search} client={client} />;
    case 'flow':
      return <FlowPage id={route.id} flow={route.flow} packet={route.packet} client={client} />;
    case 'unknown':
      return (
        <p class="problem" role="alert">
          There is nothing at {route.path}. <a href={pathOf({ view: 'captures' })}>All captures</a>
        </p>
      );
  }
}
