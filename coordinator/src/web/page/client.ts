import type { ProblemView, SessionView } from './api-types.js';

/** What the coordinator answered instead of what was asked for; its message is meant for people. */
export class Problem extends Error {
  readonly code: string;

  constructor({ code, message }: ProblemView) {
    super(message);
    this.name = 'Problem';
    this.code = code;
  }
}

/** Calls to the coordinator in the name of whoever is signed in. */
export class Client {
  readonly #signedOut: () => void;
  #csrf = '';

  /** @param signedOut told when a call fails because nobody is signed in any more */
  constructor(signedOut: () => void) {
    this.#signedOut = signedOut;
  }

  /** Null when nobody is signed in. @throws Problem */
  async session(): Promise<SessionView | null> {
    try {
      return this.#remember((await call('/api/session', {})) as SessionView);
    } catch (error) {
      if (error instanceof Problem && error.code === 'unauthenticated') return null;
      throw error;
    }
  }

  /** @param token of a login link. @throws Problem when it does not work */
  async logIn(token: string): Promise<SessionView> {
    return this.#remember((await this.post('/api/login', { token })) as SessionView);
  }

  async logOut(): Promise<void> {
    await this.post('/api/logout', {});
  }

  /** @throws Problem */
  async get<T>(path: string, signal: AbortSignal | null = null): Promise<T> {
    return (await this.#call(path, { signal })) as T;
  }

  /** @throws Problem */
  async post(path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json', 'x-bothends-csrf': this.#csrf };
    return await this.#call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #call(path: string, options: RequestInit): Promise<unknown> {
    try {
      return await call(path, options);
    } catch (error) {
      if (error instanceof Problem && error.code === 'unauthenticated') this.#signedOut();
      throw error;
    }
  }

  #remember(session: SessionView): SessionView {
    this.#csrf = session.csrf;
    return session;
  }
}

async function call(path: string, options: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { ...options, credentials: 'same-origin' });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem({ code: 'unavailable', message: 'The coordinator does not answer. Is it running?' });
  }
  if (response.status === 204) return null;
  const value: unknown = await response.json().catch(() => null);
  if (response.ok) return value;
  throw new Problem(
    (value as ProblemView | null) ?? {
      code: 'internal',
      message: `The coordinator answered ${response.status}.`,
    },
  );
}
