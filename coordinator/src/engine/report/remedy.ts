import { remedyOf } from '@bothends/proto';
import type { Draft } from '../rules/draft.js';

/**
 * What to do about a conclusion: its own advice, else the general one of its code with the names of the flow in place of
 * PORT, SERVER and CLIENT, so that the commands can be pasted. Null where nothing is to be done.
 */
export function remedyFor({ remedy, code, cause, flow }: Draft): string | null {
  if (remedy !== null) return remedy;
  const general = remedyOf(code, cause);
  if (general === null || flow === null) return general;
  // What names the server is typed at the client; the rest at the server, who may know both ends by other addresses.
  const view = general.includes('SERVER') ? flow : (flow.serverView ?? flow);
  return general
    .replaceAll(/\bPORT\b/g, String(view.server.port))
    .replaceAll(/\bSERVER\b/g, view.server.address)
    .replaceAll(/\bCLIENT\b/g, view.client.address);
}
