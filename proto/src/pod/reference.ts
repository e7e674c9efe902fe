import { BothendsError } from '../errors/error.js';

/** A pod as a person names it. */
export interface PodReference {
  /** Empty: whichever namespace has a pod of this name. */
  readonly namespace: string;
  readonly name: string;
}

/** What a host's name cannot begin with, because it holds a slash. */
const PREFIX = 'pod/';
/** A namespace is a DNS label, a pod's name a DNS subdomain (Kubernetes: object names). */
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * The pod that `pod/NAME` or `pod/NAMESPACE/NAME` names; null for the name of a host.
 * @throws BothendsError `invalid-argument` for what begins so and names no pod
 */
export function parsePod(text: string): PodReference | null {
  if (!text.startsWith(PREFIX)) return null;
  const parts = text.slice(PREFIX.length).split('/');
  const [name = '', namespace = ''] = parts.reverse();
  const pod = { namespace, name };
  if (parts.length <= 2 && isPod(pod) && (parts.length === 1 || namespace !== '')) return pod;
  throw new BothendsError(
    'invalid-argument',
    `${JSON.stringify(text.slice(0, 300))} names no pod: write pod/NAME or pod/NAMESPACE/NAME, as kubectl prints them`,
  );
}

/** Whether these can be names of a namespace and a pod, whoever says them. */
export function isPod({ namespace, name }: PodReference): boolean {
  return NAME.test(name) && (namespace === '' || NAMESPACE.test(namespace));
}

/** As it is written on a command line: `pod/shop/web-7f9`. */
export function podText({ namespace, name }: PodReference): string {
  return namespace === '' ? `${PREFIX}${name}` : `${PREFIX}${namespace}/${name}`;
}
