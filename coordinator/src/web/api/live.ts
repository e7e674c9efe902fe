import { once } from 'node:events';
import { toBothendsError } from '@bothends/proto';
import type { StateSources } from '../../serve/messages.js';
import { watchCapture } from '../../serve/watch.js';
import type { SignedInExchange } from '../exchange.js';
import { captureView } from './views.js';

/** Findings that one event carries: the page shows the first, the report has all. */
const FINDINGS_SENT = 100;
/** Proxies close a connection that says nothing for a minute; a comment line is no event. */
const HEARTBEAT_MS = 20_000;

/**
 * A capture as Server-Sent Events (HTML standard, 9.2): `state` with a CaptureView now and on every change, `findings`
 * with an array of findings when they changed, at last `over`. A browser that is slow sees less, not later.
 */
export async function sendLive(exchange: SignedInExchange, sources: StateSources): Promise<void> {
  const { request, response, params } = exchange;
  // Before the stream begins, so that an unknown id is an error and not an empty stream.
  sources.captures.get(params.id);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Told to proxies of the nginx family, which would hold events back.
    'x-accel-buffering': 'no',
  });
  request.socket.setNoDelay(true);
  const send = async (event: string, json: string) => {
    gone.signal.throwIfAborted();
    // The browser asks again, and hears that it has to sign in.
    if (!exchange.isSignedIn()) return gone.abort();
    if (!response.write(`event: ${event}\ndata: ${json}\n\n`)) {
      await once(response, 'drain', { signal: gone.signal });
    }
  };
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
  try {
    await watchCapture(
      params.id,
      sources,
      async ({ findingsJson }) => {
        const view = await captureView(sources.captures.get(params.id), sources);
        await send('state', JSON.stringify(view));
        // Each is JSON already, on one line.
        if (findingsJson.length > 0) {
          await send('findings', `[${findingsJson.slice(0, FINDINGS_SENT).join(',')}]`);
        }
      },
      gone.signal,
    );
    await send('over', '{}');
  } catch (error) {
    if (!gone.signal.aborted) await send('problem', JSON.stringify(toBothendsError(error).message));
  } finally {
    clearInterval(heartbeat);
    response.end();
  }
}
