import type { EndpointProcess, Lab } from '../lab/index.js';

/** Segments of a request and its answer: several each, so that a batch has something to lose. */
const BYTES = 5_000;
/** About a hundred exchanges a second, whatever happens meanwhile. */
const PAUSE_MS = 10;

/** One connection from client to server that is never quiet for long, and ends by itself. */
export class Traffic {
  /** Resolves when it is over. */
  readonly over: Promise<void>;

  private constructor(client: EndpointProcess, server: EndpointProcess) {
    this.over = client.exited.then(async () => {
      await server.stop();
    });
  }

  /** @param ms about how long it goes on; it bounds the number of exchanges */
  static async start(lab: Lab, port: number, ms: number): Promise<Traffic> {
    const server = lab.host('server').endpoint({ role: 'listen', port, steps: [{ do: 'echo' }] });
    await server.waitFor('listening');
    const address = lab.host('server').address();
    const exchange = [
      { do: 'send', bytes: BYTES },
      { do: 'receive', bytes: BYTES },
      { do: 'wait', ms: PAUSE_MS },
    ] as const;
    const steps = [{ do: 'repeat', times: Math.ceil(ms / PAUSE_MS), steps: exchange }] as const;
    const client = lab.host('client').endpoint({ role: 'connect', address, port, steps });
    await client.waitFor('connected');
    return new Traffic(client, server);
  }
}
