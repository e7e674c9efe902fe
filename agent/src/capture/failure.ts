import { BothendsError } from '@bothends/proto';
import { noSuchInterface } from './interfaces.js';

/** What to grant so that a tap can open; said wherever a tap is refused for want of privilege. */
export const GRANT =
  'run the agent as root, or grant CAP_NET_RAW: AmbientCapabilities=CAP_NET_RAW in its systemd unit, or ' +
  '"setcap cap_net_raw+ep $(command -v tcpdump)"';

/** What is said wherever tcpdump is missing. */
export const NOT_INSTALLED = 'tcpdump is not installed: "apt-get install tcpdump", or use the back end "cap"';

/** Why a tap did not open, from what tcpdump or libpcap said. */
export function openFailure(interfaceName: string, said: string): BothendsError {
  if (/permission|not permitted|CAP_NET_RAW/i.test(said)) {
    return new BothendsError('permission-denied', `no permission to capture on ${interfaceName}: ${GRANT}`);
  }
  if (/no such device|does not exist|doesn't exist/i.test(said)) return noSuchInterface(interfaceName);
  if (/is not up|network is down/i.test(said)) {
    return new BothendsError(
      'failed-precondition',
      `interface ${interfaceName} is down: "ip link set ${interfaceName} up"`,
    );
  }
  if (/syntax error|filter expression|unknown (host|port|network|protocol)|non-network bits/i.test(said)) {
    return new BothendsError('invalid-argument', `the filter does not compile: ${said}`);
  }
  return new BothendsError(
    'failed-precondition',
    `could not capture on ${interfaceName}: ${said || 'no reason was given'}`,
  );
}

/** Why tcpdump ended while it should have captured. */
export function deathOf(interfaceName: string, how: string, messages: readonly string[]): BothendsError {
  const said = messages.length > 0 ? `, saying: ${messages.join('; ')}` : '';
  return new BothendsError(
    'unavailable',
    `the capture on ${interfaceName} ended early: tcpdump ${how}${said}`,
  );
}
