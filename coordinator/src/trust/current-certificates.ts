import { BothendsError } from '@bothends/proto';
import type { Identity } from './identity.js';

/** Each agent's current certificate: joining anew under a name makes the older one void. */
export class CurrentCertificates {
  readonly #serials = new Map<string, string>();

  set(agent: string, serial: string): void {
    this.#serials.set(agent, serial);
  }

  /** @throws BothendsError `unauthenticated` when an agent's certificate is not its current one */
  check({ role, name, serial }: Identity): void {
    if (role !== 'agent' || this.#serials.get(name) === serial) return;
    throw replacedError(name);
  }
}

export function replacedError(name: string): BothendsError {
  return new BothendsError(
    'unauthenticated',
    `the certificate of agent ${name} is not valid here any more: another host joined by this name; join again`,
  );
}
