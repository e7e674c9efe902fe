/**
 * Style of the page: system fonts, light and dark by the reader's own choice, from 360 px on. Colours are picked for a
 * contrast of at least 4.5 to 1 on their ground (WCAG 2.2, 1.4.3); what they say is said in words or marks too.
 */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2129; --soft: #59626f; --line: #d9dee5; --paper: #f4f5f7; --card: #fff;
  --fault: #b3261e; --doubt: #8a5a00; --clean: #1b7336; --accent: #1a56b0; --on-accent: #fff; --select: #dbe8fb;
  --to-server: #1a56b0; --to-client: #a8460b; --gap: #d97706; --open: #3f9d5f; --unknown: #8b95a3;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #a3adba; --line: #353c47; --paper: #121519; --card: #1b1f26;
  --fault: #ff8f85; --doubt: #f0c05a; --clean: #7fd69a; --accent: #8ab8ff; --on-accent: #0d1a2d; --select: #25344d;
  --to-server: #8ab8ff; --to-client: #ffae70; --gap: #f5a742; --open: #57b878; --unknown: #7a8494; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.frame { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem 3rem; }
main:focus { outline: none; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: .2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0; } h3 { margin: 1rem 0 .2rem; font-size: .82rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); }
p { margin: .4rem 0; overflow-wrap: break-word; }
code, .packet, td, pre { font-family: var(--mono); font-size: .875em; }
code { overflow-wrap: anywhere; }
pre { padding: .6rem .8rem; background: var(--paper); border-radius: .4rem; overflow-x: auto; }
ul { list-style: none; margin: 0; padding: 0; }
button, .button, input, select { font: inherit; font-size: .95rem; min-height: 2.4rem; border-radius: .45rem; border: 1px solid var(--line); }
button, .button { display: inline-flex; align-items: center; padding: .3rem .9rem; background: var(--card); color: var(--accent);
  border-color: var(--accent); text-decoration: none; cursor: pointer; margin: .1rem .3rem .1rem 0; }
button[type=submit] { background: var(--accent); color: var(--on-accent); }
button:disabled { opacity: .5; cursor: default; }
button.small { min-height: 1.8rem; padding: .1rem .6rem; font-size: .85rem; margin: 0; }
input, select { padding: .3rem .6rem; background: var(--card); color: var(--ink); border-color: var(--soft); min-width: 0; }
input[type=checkbox] { min-height: 0; width: 1.1rem; height: 1.1rem; accent-color: var(--accent); }
::placeholder { color: var(--soft); opacity: .8; }
label { display: flex; flex-direction: column; gap: .15rem; font-size: .85rem; color: var(--soft); min-width: 0; }
label.check { flex-direction: row; align-items: center; gap: .4rem; min-height: 2.4rem; color: var(--ink); }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .4rem .8rem; z-index: 1; }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.quiet { color: var(--soft); font-size: .9rem; } .warn { color: var(--doubt); }
.problem { border-left: .3rem solid var(--fault); padding: .4rem .8rem; background: var(--card); }
.top { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .8rem 0; }
.brand { display: flex; align-items: center; gap: .6rem; font-weight: 650; color: var(--ink); text-decoration: none; }
.who { display: flex; align-items: center; gap: .7rem; font-size: .9rem; }
.trail { font-size: .9rem; display: flex; gap: .5rem; margin-bottom: .4rem; } .trail a + a::before { content: "›"; display: inline-block; margin-right: .5rem; color: var(--soft); }
.line { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .7rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1.1rem; margin: 0 0 1rem; }
.card > summary { cursor: pointer; font-weight: 600; color: var(--accent); }
.login { max-width: 34rem; margin: 2rem auto; } .login input { width: 100%; margin-bottom: .8rem; }
.start { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .7rem; margin-top: .8rem; align-items: end; }
.start .wide { grid-column: span 2; } .start .problem { grid-column: 1 / -1; } .start button { justify-content: center; margin: 0; }
.captures .name { font-weight: 600; font-size: 1.05rem; overflow-wrap: anywhere; } .captures .headline { margin: .3rem 0; }
.state, .grade { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .55rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.state { color: var(--soft); } .state-complete { color: var(--clean); } .state-partial { color: var(--doubt); } .state-failed { color: var(--fault); }
.state-running { color: var(--accent); } .state-running::before { content: "●"; margin-right: .35rem; animation: pulse 1.6s infinite; }
@keyframes pulse { 50% { opacity: .25; } } @media (prefers-reduced-motion: reduce) { .state-running::before { animation: none; } }
.grade-proven, .grade-strong { color: var(--fault); } .grade-likely, .grade-possible, .grade-inconclusive { color: var(--doubt); }
.taps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: 1rem; margin: 1rem 0; } .taps .card { margin: 0; }
.count { margin: .2rem 0 0; } .count .number { font: 600 1.6rem var(--mono); font-variant-numeric: tabular-nums; }
.live { margin: 1rem 0; } .live li { margin: .4rem 0; }
.verdict { font-size: 1.25rem; line-height: 1.4; font-weight: 600; border-left: .4rem solid var(--tone); padding: .2rem 0 .2rem 1rem; margin: 1rem 0; }
.verdict-fault { --tone: var(--fault); } .verdict-inconclusive { --tone: var(--doubt); } .verdict-clean { --tone: var(--clean); }
.finding { border-left: .35rem solid var(--doubt); } .finding-proven, .finding-strong { border-left-color: var(--fault); }
.finding .line button { margin-left: auto; } .statement { font-size: 1.05rem; }
.marks li { position: relative; padding-left: 1.5rem; margin: .25rem 0; } .marks li::before { content: attr(data-mark); position: absolute; left: .1rem; color: var(--soft); }
.marks .for::before { color: var(--clean); } .marks .against::before { color: var(--fault); }
.packet { white-space: nowrap; } .remedy { border-top: 1px solid var(--line); margin-top: .9rem; }
details.card ul:not(.marks) li { margin: .3rem 0; padding-left: 1rem; text-indent: -1rem; } details.card li::before { content: "– "; color: var(--soft); }
.band-row { display: grid; grid-template-columns: 4rem 1fr; gap: .1rem .8rem; align-items: center; margin: .25rem 0; }
.band-name { font-weight: 600; font-size: .9rem; } .band-row .band-text { grid-column: 2; font-size: .85rem; }
.band { position: relative; height: 1rem; border-radius: .25rem; background: var(--line); overflow: hidden; }
.gap { display: block; color: var(--doubt); } .stretch { position: absolute; top: 0; bottom: 0; } .stretch-open { background: var(--open); }
.stretch-unknown { background: repeating-linear-gradient(45deg, var(--unknown) 0 6px, transparent 6px 10px); }
.stretch-gap { background: repeating-linear-gradient(-45deg, var(--gap) 0 4px, var(--card) 4px 7px); }
.band-plots { margin: .8rem 0 0 4.8rem; min-height: 17rem; }
.filters { display: flex; flex-wrap: wrap; gap: .7rem; align-items: end; margin: 1rem 0; } .filters label:first-child { flex: 1 1 14rem; }
.scroll { position: relative; overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .45rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { font-size: .8rem; color: var(--soft); } tbody th { font: .875em var(--mono); } tbody tr:last-child > * { border-bottom: 0; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; } td.labels { white-space: normal; min-width: 9rem; }
.label { display: inline-block; margin-right: .5rem; } .label.note { color: var(--soft); }
.pages { display: flex; align-items: center; gap: .8rem; margin: .8rem 0; }
.flow-title { font-family: var(--mono); font-size: 1.15rem; } .toolbar { margin-bottom: .5rem; } .toolbar button:first-of-type { margin-left: auto; }
figure { margin: 0 0 .8rem; } figcaption { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .9rem; }
.key { display: flex; gap: 1rem; } .key span::before { content: ""; display: inline-block; width: .8rem; height: .25rem; margin-right: .35rem; vertical-align: middle; background: currentColor; }
.key .toward-server { color: var(--to-server); } .key .toward-client { color: var(--to-client); }
.plot { position: relative; height: 8rem; border-left: 1px solid var(--line); border-bottom: 1px solid var(--line); } .plot-loss { height: 3.6rem; }
.plot svg { width: 100%; height: 100%; display: block; } .plot .pointable { cursor: crosshair; } .plot .y-top, .plot .y-bottom { position: absolute; left: .3rem; pointer-events: none; font-size: .75rem; background: var(--card); line-height: 1.2; }
.y-top { top: 0; } .y-bottom { bottom: 0; } .axis { display: flex; justify-content: space-between; font-size: .8rem; }
.typical, .spread, .plot .rail { vector-effect: non-scaling-stroke; } .typical { fill: none; stroke-width: 1.8; } .spread { opacity: .35; }
.typical.toward-server { stroke: var(--to-server); } .typical.toward-client { stroke: var(--to-client); }
.spread.toward-server, .loss.toward-server { fill: var(--to-server); } .spread.toward-client, .loss.toward-client { fill: var(--to-client); }
.rail { stroke: var(--line); stroke-width: 2; }
.ladder-head { display: flex; justify-content: space-between; font-size: .8rem; color: var(--soft); padding: 0 .2rem .2rem; } .ladder-head span:nth-child(2) { flex: 1; padding-left: 2.5rem; }
.ladder { max-height: min(70vh, 44rem); overflow-y: auto; overflow-x: hidden; border: 1px solid var(--line); border-radius: .4rem; position: relative; contain: strict; }
.ladder-all { position: relative; } .ladder svg { position: absolute; left: 0; font: 12px var(--mono); display: block; }
.ladder text { fill: var(--ink); } .ladder .time, .ladder .number, .ladder .idle { fill: var(--soft); } .ladder [role=option] { cursor: pointer; }
.ladder .selected { fill: var(--select); } .arrow line { stroke: var(--ink); stroke-width: 1.3; } .arrow path { stroke: var(--ink); stroke-width: 1.6; fill: none; } .arrow .head { fill: var(--ink); stroke: none; }
.arrow.fate-lost line, .arrow.fate-lost path, .arrow.fate-injected line, .arrow.reset line { stroke: var(--fault); stroke-width: 1.8; }
.arrow.fate-injected .head, .arrow.reset .head { fill: var(--fault); } .arrow.fate-unknown line { stroke-dasharray: 5 4; stroke: var(--soft); }
.ladder .packet-text.fate-lost, .ladder .packet-text.fate-injected { fill: var(--fault); font-weight: 600; }
.tie { fill: none; stroke: var(--doubt); stroke-width: 1.3; stroke-dasharray: 3 3; }
.details { min-height: 3.2rem; font-size: .92rem; } .legend { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; }
@media (max-width: 40rem) { .frame { padding: 0 .8rem 2rem; } .card { padding: .8rem .8rem; } .start { grid-template-columns: 1fr 1fr; } .who span { display: none; }
  .band-row { grid-template-columns: 3.2rem 1fr; } .band-plots { margin-left: 0; } .filters label { flex: 1 1 8rem; } .finding .line button { margin-left: 0; } .toolbar button:first-of-type { margin-left: 0; } }
@media print { .top, .trail, button, .button { display: none; } body { background: #fff; } }
`;
