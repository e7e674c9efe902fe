import type { Finding } from '@bothends/proto';
import type { CaptureView } from './api-types.js';

export interface LiveListener {
  state: (capture: CaptureView) => void;
  findings: (findings: readonly Finding[]) => void;
  /** The capture is over, or cannot be followed; `problem` is empty for the first. */
  over: (problem: string) => void;
  /** The connection broke and is tried again, or is there again. */
  connected: (isConnected: boolean) => void;
  /** The browser does not try again: the coordinator was away, or says no. */
  lost: () => void;
}

/** Follows a capture until it is over; the returned function stops that. The browser connects again by itself. */
export function follow(id: string, listener: LiveListener): () => void {
  const source = new EventSource(`/api/captures/${encodeURIComponent(id)}/events`);
  const on = (name: string, take: (data: string) => void) => {
    source.addEventListener(name, (event) => take((event as MessageEvent<string>).data));
  };
  on('state', (data) => listener.state(JSON.parse(data) as CaptureView));
  on('findings', (data) => listener.findings(JSON.parse(data) as Finding[]));
  const end = (problem: string) => {
    source.close();
    listener.over(problem);
  };
  on('over', () => end(''));
  on('problem', (data) => end(JSON.parse(data) as string));
  source.addEventListener('open', () => listener.connected(true));
  source.addEventListener('error', () => {
    listener.connected(false);
    if (source.readyState === EventSource.CLOSED) listener.lost();
  });
  return () => source.close();
}
