/** The secret of a login link, taken out of the address at once so that it stays in no history. */
let loginToken: string | null = null;

/** The address that the page was opened with, without the secret of a login link. */
export function startUrl(): URL {
  const url = new URL(location.href);
  if (url.pathname === '/login' && url.hash.length > 1) {
    loginToken = url.hash.slice(1);
    url.hash = '';
    history.replaceState(null, '', url);
  }
  return url;
}

/** The secret, once. */
export function takeLoginToken(): string | null {
  const token = loginToken;
  loginToken = null;
  return token;
}

let changed: (url: URL) => void = () => {};

/** Shows links of this site without loading the page again, and follows back and forward. */
export function followLinks(listener: (url: URL) => void): void {
  changed = listener;
  addEventListener('popstate', () => listener(new URL(location.href)));
  document.addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest('a');
    if (!link || isForBrowser(event, link)) return;
    event.preventDefault();
    goTo(link.href);
  });
}

/** Shows a view of this site. `replace` leaves no step to go back to. */
export function goTo(path: string, how: 'push' | 'replace' = 'push'): void {
  const url = new URL(path, location.href);
  const before = location.pathname;
  if (how === 'push') history.pushState(null, '', url);
  else history.replaceState(null, '', url);
  changed(url);
  if (before === url.pathname) return;
  // As a browser does for a new page, so that a screen reader begins at its head.
  scrollTo(0, 0);
  document.getElementById('content')?.focus({ preventScroll: true });
}

/** Other sites, downloads, new tabs, and places within the page are the browser's own. */
function isForBrowser(event: MouseEvent, link: HTMLAnchorElement): boolean {
  const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0;
  const samePage = link.pathname === location.pathname && link.hash !== '';
  return (
    modified ||
    event.defaultPrevented ||
    link.origin !== location.origin ||
    link.hasAttribute('download') ||
    samePage
  );
}
