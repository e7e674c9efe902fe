/** Every view has an address, so that whatever is on the screen can be shared. */
export type Route =
  | { view: 'login'; next: string }
  | { view: 'captures' }
  | { view: 'capture'; id: string }
  | { view: 'finding'; id: string; finding: string }
  | { view: 'flows'; id: string; search: FlowSearch }
  | { view: 'flow'; id: string; flow: string; packet: PacketMark | null }
  | { view: 'unknown'; path: string };

/** What the flow table is narrowed to; empty texts narrow nothing. */
export interface FlowSearch {
  q: string;
  host: string;
  port: string;
  code: string;
  faulty: boolean;
  /** From 1. */
  page: number;
}

/** A packet by its number at one end. */
export interface PacketMark {
  end: 'client' | 'server';
  number: number;
}

export const EVERY_FLOW: FlowSearch = { q: '', host: '', port: '', code: '', faulty: false, page: 1 };

/** The view at an address of this site. */
export function routeOf({ pathname, searchParams }: URL): Route {
  const [first, id, part, name, ...rest] = pathname.split('/').slice(1).map(decoded);
  if (first === '') return { view: 'captures' };
  if (first === 'login' && id === undefined)
    return { view: 'login', next: ownPath(searchParams.get('next')) };
  if (first === 'captures' && id && rest.length === 0) {
    if (part === undefined) return { view: 'capture', id };
    if (part === 'findings' && name) return { view: 'finding', id, finding: name };
    if (part === 'flows' && name === undefined) return { view: 'flows', id, search: searchOf(searchParams) };
    if (part === 'flows' && name) {
      return { view: 'flow', id, flow: name, packet: markOf(searchParams.get('packet')) };
    }
  }
  return { view: 'unknown', path: pathname };
}

/** The address of a view. */
export function pathOf(route: Exclude<Route, { view: 'unknown' }>): string {
  switch (route.view) {
    case 'login':
      return `/login?${new URLSearchParams({ next: route.next })}`;
    case 'captures':
      return '/';
    case 'capture':
      return capturePath(route.id);
    case 'finding':
      return `${capturePath(route.id)}/findings/${encodeURIComponent(route.finding)}`;
    case 'flows':
      return `${capturePath(route.id)}/flows${queryText(route.search)}`;
    case 'flow': {
      const mark = route.packet === null ? '' : `?packet=${route.packet.end}-${route.packet.number}`;
      return `${capturePath(route.id)}/flows/${encodeURIComponent(route.flow)}${mark}`;
    }
  }
}

function capturePath(id: string): string {
  return `/captures/${encodeURIComponent(id)}`;
}

function searchOf(params: URLSearchParams): FlowSearch {
  const text = (name: string) => params.get(name) ?? '';
  const page = Number(text('page'));
  return {
    q: text('q'),
    host: text('host'),
    port: text('port'),
    code: text('code'),
    faulty: text('faulty') === '1',
    page: Number.isSafeInteger(page) && page > 0 ? page : 1,
  };
}

function queryText({ q, host, port, code, faulty, page }: FlowSearch): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries({ q, host, port, code }))
    if (value !== '') params.set(name, value);
  if (faulty) params.set('faulty', '1');
  if (page > 1) params.set('page', String(page));
  return params.size === 0 ? '' : `?${params}`;
}

function markOf(text: string | null): PacketMark | null {
  const match = /^(client|server)-(\d{1,10})$/.exec(text ?? '');
  return match === null ? null : { end: match[1] as PacketMark['end'], number: Number(match[2]) };
}

/** A path of this site, never another's: a login link must not lead away. */
function ownPath(text: string | null): string {
  return text !== null && /^\/(?![/\\])/.test(text) ? text : '/';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
