/** Number of colours of the stores in charts; each has a light and a dark variant. */
export const STORE_COLOURS = 8

/** The style sheet of the report: any width, light and dark, and paper. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2024; --quiet: #60646c; --line: #d9dde2; --good: #18794e;
  --bad: #c62a2f; --c0: #0b68cb; --c1: #c2560a; --c2: #18794e; --c3: #8e4ec6; --c4: #b3261e; --c5: #0c7792;
  --c6: #a17a00; --c7: #6f6d66 }
@media (prefers-color-scheme: dark) { :root { --back: #111315; --text: #e6e8eb; --quiet: #9ba1a6; --line: #33383d;
  --good: #4cc38a; --bad: #ff8589; --c0: #52a9ff; --c1: #ff8b3e; --c2: #4cc38a; --c3: #bf7af0; --c4: #ff6369;
  --c5: #3db9cf; --c6: #e2b93b; --c7: #b5b3ad } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem }
p { margin: .4rem 0; max-width: 46rem } .quiet { color: var(--quiet) }
code { font-size: .9em; overflow-wrap: anywhere }
.wide { overflow-x: auto; margin: .75rem 0 }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
td:first-child { min-width: 11rem } th { color: var(--quiet); font-weight: 600 } .figure { text-align: right; white-space: nowrap }
.met { color: var(--good) } .missed { color: var(--bad); font-weight: 600 }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .85rem; padding: 0; list-style: none }
.legend i { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin-right: .35rem }
figure { margin: .5rem 0 } figure svg { --plot-background: var(--back); max-width: 100%; height: auto; display: block }
.narrow { display: none }
@media (max-width: 40rem) { .full-width { display: none } .narrow { display: block } body { font-size: 15px } }
@media print { :root { --back: #fff; --text: #000; --quiet: #444; --line: #bbb; --good: #0a5c38; --bad: #a11; --c0: #0b68cb;
  --c1: #c2560a; --c2: #18794e; --c3: #8e4ec6; --c4: #b3261e; --c5: #0c7792; --c6: #a17a00; --c7: #6f6d66 }
  body { padding: 0; max-width: none; font-size: 10pt } .wide { overflow: visible } h2 { break-after: avoid }
  figure, tr { break-inside: avoid } .narrow { display: none } .full-width { display: block }
  table { font-size: 7.5pt } th, td { padding-right: .4rem } }
`
