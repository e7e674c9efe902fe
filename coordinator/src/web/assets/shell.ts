/**
 * The one HTML document: every view is drawn by the script.
 * @param entry address of the page's first module
 * @param modules addresses of all that it imports, fetched at once instead of one after the other
 */
export function shell(entry: string, modules: readonly string[]): string {
  const preloads = modules.map((path) => `<link rel="modulepreload" href="${path}">`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>bothends</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
${preloads.join('\n')}
<script type="module" src="${entry}"></script>
</head>
<body>
<div id="page"><noscript>The page needs JavaScript. <code>bothends report ID -o html</code> writes a report that does not.</noscript></div>
</body>
</html>
`;
}
