/**
 * The style of what the pages contain, and of narrow screens. It comes after the frame, some of which it
 * overrides there.
 */
const BLOCKS = `
.badge { display: inline-flex; align-items: center; gap: 6px; padding: 2px 10px 2px 8px; border-radius: 99px; font-size: .85rem; font-weight: 600; line-height: 1.5; white-space: nowrap; background: var(--idle-bg); color: var(--idle); }
.sign { width: 1em; text-align: center; font-weight: 700; }
.badge.forwarded { background: var(--good-bg); color: var(--good); }
.badge.stuck { background: var(--bad-bg); color: var(--bad); }
.badge.retrying { background: var(--wait-bg); color: var(--wait); }
.badge.received, .badge.forwarding { background: var(--busy-bg); color: var(--busy); }
.badge.resolved { background: var(--closed-bg); color: var(--closed); }
.hero { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 20px 40px; padding: 24px 26px; border: 1px solid var(--line); border-left: 5px solid var(--good); border-radius: 14px; background: var(--card); box-shadow: var(--shadow); }
.hero.open { border-left-color: var(--bad); }
.hero h2 { font-size: 1.45rem; letter-spacing: -.015em; }
.hero.calm { display: block; }
.hero p { margin-top: 4px; color: var(--soft); }
.hero p strong { color: var(--ink); }
.links { display: flex; flex-wrap: wrap; gap: 6px 20px; padding-top: 8px; font-weight: 550; }
.sums { display: flex; flex-wrap: wrap; gap: 16px 36px; align-content: center; }
.sums .money { display: block; font-size: 1.45rem; font-weight: 650; letter-spacing: -.02em; }
.states { display: grid; grid-template-columns: repeat(6, 1fr); gap: 12px; }
.states a { display: grid; gap: 6px; justify-items: start; padding: 14px 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: var(--ink); text-decoration: none; box-shadow: var(--shadow); }
.states a:hover { border-color: var(--line-strong); }
.count { font-size: 1.6rem; font-weight: 650; line-height: 1.15; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.facts { display: grid; gap: 10px; }
.columns .fact { display: grid; grid-template-columns: 150px minmax(0, 1fr); gap: 14px; align-items: baseline; }
.fact dt { color: var(--soft); font-size: .85rem; }
.fact dd { overflow-wrap: anywhere; }
.facts.row { grid-template-columns: repeat(auto-fit, minmax(150px, max-content)); gap: 12px 36px; margin-top: 16px; }
#numbers .facts.row .fact { display: flex; gap: 7px; align-items: baseline; }
#numbers .facts.row .fact dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.empty { padding: 28px; border: 1px dashed var(--line-strong); border-radius: 12px; color: var(--soft); }
.notice { padding: 12px 18px; border-radius: 10px; background: var(--busy-bg); color: var(--busy); }
.notice.bad { background: var(--bad-bg); color: var(--bad); }
.notice.good { background: var(--good-bg); color: var(--good); }
.notice ul { list-style: disc; padding-left: 20px; }
#done-title + *, .notice + table { margin-top: 16px; }
#recent .head { margin-bottom: 12px; }
#runs h2, #totals h2 { margin-bottom: 12px; }
#found .head + * + table { margin-top: 16px; }
#found .facts .fact { display: grid; grid-template-columns: 170px minmax(0, 1fr); gap: 14px; align-items: baseline; }
.differs { color: var(--bad); font-weight: 600; }
.filter label:has([type=datetime-local]), .filter label.check { grid-column: span 2; }
.filter label.check { display: flex; align-items: center; gap: 8px; align-self: end; padding-bottom: 9px; }
.filter label.check input { width: auto; }
`;

const EVENT = `
.crumb { margin-bottom: -12px; font-size: .9rem; }
.event-title h1 { font-size: 1.3rem; }
.event-title .under { font-size: .95rem; }
.standing { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; }
.standing .badge { font-size: .98rem; padding: 4px 14px 4px 11px; }
.money.big { font-size: 1.5rem; font-weight: 650; letter-spacing: -.02em; }
.why { margin-top: 18px; padding: 16px 20px; border: 1px solid var(--line); border-left: 5px solid var(--line-strong); border-radius: 12px; background: var(--card); box-shadow: var(--shadow); }
.why.bad { border-left-color: var(--bad); }
.why.wait { border-left-color: var(--wait); }
.why p { max-width: 78ch; }
.why p + p { margin-top: 8px; color: var(--soft); }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 22px; align-items: start; }
.columns section, #event-raw details { padding: 18px 20px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); box-shadow: var(--shadow); }
.columns div > section + section { margin-top: 22px; }
.columns section > h2 { margin-bottom: 14px; }
.timeline li { position: relative; padding: 0 0 18px 26px; }
.timeline li:last-child { padding-bottom: 2px; }
.timeline li::before { content: ""; position: absolute; left: 3px; top: 6px; width: 10px; height: 10px; border-radius: 50%; background: var(--line-strong); }
.timeline li::after { content: ""; position: absolute; left: 7px; top: 21px; bottom: -1px; width: 2px; background: var(--line); }
.timeline li:last-child::after { display: none; }
.timeline .good::before { background: var(--good); }
.timeline .wait::before { background: var(--wait); }
.timeline .bad::before { background: var(--bad); }
.timeline time { font-size: .85rem; color: var(--soft); font-variant-numeric: tabular-nums; }
#event-raw details { padding: 4px 4px; }
pre { margin: 0; padding: 14px 18px; max-height: 540px; overflow: auto; background: var(--raised); border-top: 1px solid var(--line); border-radius: 0 0 9px 9px; }
`;

const TABLE = `
table { width: 100%; border-collapse: separate; border-spacing: 0; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); overflow: hidden; }
th { padding: 10px 14px; text-align: left; font-size: .82rem; font-weight: 600; color: var(--soft); background: var(--raised); border-bottom: 1px solid var(--line); }
td { padding: 11px 14px; vertical-align: top; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
tbody tr:hover td { background: var(--raised); }
.number { text-align: right; }
td .time { font-variant-numeric: tabular-nums; white-space: nowrap; }
td .ago { display: block; margin: 0; font-size: .88rem; }
td code { font-size: .84em; }
td.number .under { white-space: nowrap; }
td:nth-child(2) { min-width: 250px; }
`;

const PHONE = `
@media (max-width: 900px) {
  .states { grid-template-columns: repeat(3, 1fr); }
  .columns { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 760px) {
  main { padding: 20px 16px 48px; }
  .top { padding: 0 16px; gap: 0 16px; }
  .top nav { order: 3; width: 100%; overflow-x: auto; }
  .top nav a { padding: 10px 10px 9px; }
  .top nav li:first-child a { padding-left: 0; }
  .who { gap: 12px; padding: 8px 0 4px; }
  .actor { max-width: 9ch; }
  .search { flex-basis: 100%; }
  .hero { padding: 18px; }
  .filter { grid-template-columns: 1fr 1fr; gap: 12px; padding: 14px; }
  .filter input, .filter select { padding: 7px 8px; min-width: 0; }
  .filter label:has([type=datetime-local]), .filter label.check { grid-column: 1 / -1; }
  table, tbody, tr, td { display: block; }
  table { background: none; border: 0; box-shadow: none; border-radius: 0; overflow: visible; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { margin-bottom: 12px; padding: 10px 14px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
  td, td.number { display: grid; grid-template-columns: 104px minmax(0, 1fr); gap: 2px 10px; padding: 4px 0; border: 0; text-align: left; }
  td:nth-child(2) { min-width: 0; }
  td::before { content: attr(data-label); color: var(--soft); font-size: .85rem; }
  td > * { grid-column: 2; justify-self: start; }
  td .ago { display: inline; }
  td .time { white-space: normal; }
  tbody tr:hover td { background: none; }
}
@media (max-width: 460px) {
  .states { grid-template-columns: 1fr 1fr; }
  .live { font-size: 0; gap: 0; }
  .actor .role, .env { font-size: .74rem; }
  .actor:not(:has(.role)) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .actor bdi { display: none; }
  .columns .fact { grid-template-columns: 1fr; gap: 0; }
}
@media (prefers-reduced-motion: no-preference) { a, button, .states a { transition: border-color .12s, filter .12s; } }
`;

/** On paper: what is read, in black on white, without what is clicked. Rows and totals are not torn apart. */
const PRINT = `
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --raised: #fff; --ink: #000; --soft: #333; --link: #000; --line: #bbb; --line-strong: #777; --shadow: none; --bad: #000; }
  html { font-size: 11px; }
  .top, .skip, .actions, .pages, .crumb, #csv, form, details { display: none; }
  main { max-width: none; padding: 0; }
  a { text-decoration: none; }
  table { overflow: visible; border-radius: 0; }
  tr, .fact { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  .differs { text-decoration: underline; }
}
`;

export const CONTENT = [BLOCKS, EVENT, TABLE, PHONE, PRINT].join("");
