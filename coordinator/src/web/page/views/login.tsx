import { Component, type ComponentChildren } from 'preact';
import type { SessionView } from '../api-types.js';
import type { Client, Problem } from '../client.js';
import { ProblemNote, problemOf } from '../load.js';
import { takeLoginToken } from '../navigation.js';

interface LoginProps {
  client: Client;
  signedIn: (session: SessionView) => void;
  /** Somebody is signed in already: a new link replaces that. */
  isSignedIn: boolean;
}

interface LoginState {
  busy: boolean;
  problem: Problem | null;
}

/** Signs in with the secret of a link: the one that the page was opened with, or one that is pasted. */
export class Login extends Component<LoginProps, LoginState> {
  override state: LoginState = { busy: false, problem: null };

  override componentDidMount(): void {
    document.title = 'Sign in · bothends';
    const token = takeLoginToken();
    if (token !== null) void this.#logIn(token);
  }

  async #logIn(token: string): Promise<void> {
    this.setState({ busy: true, problem: null });
    try {
      this.props.signedIn(await this.props.client.logIn(token));
    } catch (error) {
      this.setState({ busy: false, problem: problemOf(error) });
    }
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const input = new FormData(event.currentTarget as HTMLFormElement).get('link');
    // The whole link, or what stands behind its #.
    const token =
      String(input ?? '')
        .trim()
        .split('#')
        .at(-1) ?? '';
    if (token !== '') void this.#logIn(token);
  };

  override render(): ComponentChildren {
    const { busy, problem } = this.state;
    return (
      <section class="card login">
        <h1>Sign in</h1>
        <p>
          This page needs a login link. Somebody with access to the coordinator makes one for you; it works
          once and for ten minutes:
        </p>
        <pre>
          <code>bothends login-link</code>
        </pre>
        {problem && <ProblemNote problem={problem} />}
        <form onSubmit={this.#submit}>
          <label for="link">Login link</label>
          <input id="link" name="link" type="password" autoComplete="off" spellcheck={false} required />
          <button type="submit" disabled={busy}>
            {busy ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
      </section>
    );
  }
}
