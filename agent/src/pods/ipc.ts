import type { ChildProcess } from 'node:child_process';
import type { Channel } from './protocol.js';

/** Tells an agent that whoever started it is its broker, and not some other parent with a channel. */
export const BROKER_VARIABLE = 'BOTHENDS_POD_BROKER';

/** The way to the broker that started this process; null where none did. */
export function brokerChannel(): Channel | null {
  if (process.env[BROKER_VARIABLE] !== '1' || process.send === undefined) return null;
  return {
    send: (message) => {
      // One that is gone is told by `onClose`.
      process.send?.(message, undefined, undefined, () => undefined);
    },
    onMessage: (take) => {
      process.on('message', take);
      // Waiting for the broker is no reason to live on.
      process.channel?.unref();
    },
    onClose: (gone) => {
      process.once('disconnect', gone);
    },
  };
}

/** The way to an agent that this process started with a channel (`ipc` in its stdio). */
export function agentChannel(agent: ChildProcess): Channel {
  return {
    send: (message) => {
      if (agent.connected) agent.send(message, () => undefined);
    },
    onMessage: (take) => {
      agent.on('message', take);
    },
    onClose: (gone) => {
      agent.once('disconnect', gone);
    },
  };
}
