import type { Command } from 'commander';
import { type Context, contextPath, loadContext } from '../context/context.js';
import type { Io } from '../io.js';
import type { Connection } from './client.js';
import { renewContext } from './renew-context.js';

/** Runs `body` with a connection to the coordinator of the context in force, and closes it whatever happens. */
export async function withCoordinator<T>(
  command: Command,
  io: Io,
  body: (connection: Connection) => Promise<T>,
): Promise<T> {
  const flag = command.optsWithGlobals<{ context?: string }>().context;
  const path = contextPath(flag, io.env);
  const context = loadContext(path);
  // gRPC takes longest to load of all that the CLI uses: only commands that talk pay for it.
  const { Connection } = await import('./client.js');
  const connection = new Connection(context, io.now, () => reread(path));
  try {
    const result = await body(connection);
    await renewContext(path, context, connection, io);
    return result;
  } finally {
    connection.close();
  }
}

/** The context as its file has it now, null when it is gone meanwhile. */
function reread(path: string): Context | null {
  try {
    return loadContext(path);
  } catch {
    return null;
  }
}
