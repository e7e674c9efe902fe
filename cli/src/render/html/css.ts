/** Style of the HTML report: system fonts, light and dark, and a page that prints on white. */
export const CSS = `
:root { color-scheme: light dark; --ink: #1d2129; --soft: #5b6472; --line: #dfe3e8; --paper: #fff; --card: #f7f8fa;
  --fault: #b3261e; --doubt: #8a5a00; --clean: #1b7f3b; --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #9aa4b2; --line: #333a45; --paper: #14171c;
  --card: #1c2027; --fault: #ff8a80; --doubt: #f0c05a; --clean: #7fd69a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: break-word; }
header { border-left: .4rem solid var(--tone); padding: .2rem 0 .2rem 1.1rem; margin-bottom: 2rem; }
header p { margin: 0; color: var(--soft); font-size: .9rem; }
h1 { margin: 0 0 .5rem; font-size: 1.55rem; line-height: 1.3; text-wrap: balance; }
h2 { margin: 2.2rem 0 .8rem; font-size: 1.15rem; }
h3 { margin: 1.1rem 0 .3rem; font-size: .82rem; letter-spacing: .05em; text-transform: uppercase; color: var(--soft); }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem; margin: 0 0 1rem; }
article h2 { margin: 0 0 .5rem; }
.grade { display: inline-block; padding: .05rem .6rem; border-radius: 1rem; border: 1px solid currentColor; color: var(--tone);
  font-size: .8rem; font-weight: 600; vertical-align: .12em; margin-right: .35rem; }
.fault { --tone: var(--fault); } .inconclusive { --tone: var(--doubt); } .clean { --tone: var(--clean); }
.facts { color: var(--soft); font-size: .9rem; margin: .3rem 0; }
code, .mono, td { font-family: var(--mono); font-size: .86em; }
ul { list-style: none; margin: .2rem 0; padding: 0; }
li { padding-left: 1.6rem; position: relative; margin: .25rem 0; }
li::before { content: attr(data-mark); position: absolute; left: .2rem; color: var(--soft); }
li.for::before { color: var(--clean); } li.against::before { color: var(--fault); }
.remedy { border-top: 1px solid var(--line); margin-top: .9rem; padding-top: .1rem; }
.packets { color: var(--soft); font-size: .86em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-size: .8rem; color: var(--soft); font-weight: 600; }
.n { text-align: right; } td.findings { white-space: normal; min-width: 11rem; } .findings span { white-space: nowrap; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --card: #fff;
  --fault: #a00; --doubt: #750; --clean: #060; }
  html { font-size: 12px; } body { font-size: 9.5pt; padding: 0; max-width: none; } tr, li, h3 + p { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; } th, td { font-size: 7.5pt; padding-right: .5rem; } th { white-space: normal; } td.findings { min-width: 0; }
  footer { margin-top: 1rem; break-before: avoid; } @page { margin: 14mm; } }
`;
