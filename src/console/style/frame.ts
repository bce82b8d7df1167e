/**
 * Colours, type, the bar at the top, and controls. Colours are pairs that reach 4.5:1 (WCAG AA) in both
 * schemes.
 */
const COLOURS = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --raised: #fbfcfd; --line: #dfe3e8; --line-strong: #8a94a3;
  --ink: #17202c; --soft: #4a5666; --link: #3730a3; --accent: #4338ca; --on-accent: #fff;
  --good: #0b5d3b; --good-bg: #ddf5e8; --bad: #9a1b1b; --bad-bg: #fde7e6; --wait: #7a4300; --wait-bg: #fdeccb;
  --busy: #174ea6; --busy-bg: #e1ecfd; --closed: #5b2a91; --closed-bg: #f0e5fb; --idle: #465160; --idle-bg: #e9ecf0;
  --shadow: 0 1px 2px rgb(16 24 40 / .05), 0 1px 3px rgb(16 24 40 / .06);
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1218; --card: #161c25; --raised: #1b222d; --line: #2a3341; --line-strong: #77849a;
    --ink: #e8ecf2; --soft: #a9b4c3; --link: #b3baff; --accent: #6366f1; --on-accent: #fff;
    --good: #7fe0b0; --good-bg: #10352a; --bad: #ffb0aa; --bad-bg: #451b1e; --wait: #fbd08a; --wait-bg: #3d2c10;
    --busy: #a9cbff; --busy-bg: #152c4f; --closed: #dcbcff; --closed-bg: #33204c; --idle: #bcc5d1; --idle-bg: #28313d;
    --shadow: none;
  }
  :root { --accent: #4f46e5; }
}
`;

const BASE = `
*, ::before, ::after { box-sizing: border-box; }
html { font: 15px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 64px; outline: none; }
h1, h2, p, dl, dd, ul, ol { margin: 0; padding: 0; }
h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -.015em; font-weight: 650; }
h2 { font-size: 1.05rem; line-height: 1.35; letter-spacing: -.005em; font-weight: 650; }
ul, ol { list-style: none; }
a { color: var(--link); text-underline-offset: 3px; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
code, pre { font: .92em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
code { overflow-wrap: anywhere; unicode-bidi: isolate; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
main:focus-visible, #notice:focus-visible { outline: none; }
section + section { margin-top: 28px; }
main > * + * { margin-top: 22px; }
main > div:empty, main > #notice:empty { display: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 12px; top: -60px; z-index: 2; padding: 10px 16px; border-radius: 8px; background: var(--accent); color: var(--on-accent); }
.skip:focus { top: 10px; }
.under, .ago, .quiet, .lead { color: var(--soft); }
.under { display: block; font-size: .88rem; font-weight: 400; }
time .ago { margin-left: 5px; }
.lead { max-width: 70ch; }
.money { font-variant-numeric: tabular-nums; white-space: nowrap; }
.head { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px 24px; }
`;

const TOP = `
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 28px; padding: 0 24px; min-height: 58px; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 10px; }
.name { display: inline-flex; align-items: center; gap: 9px; padding: 8px 0; color: var(--ink); font-weight: 700; letter-spacing: -.02em; font-size: 1.08rem; text-decoration: none; }
.mark { width: 22px; height: 22px; background: url(/console/icon.svg) center / contain no-repeat; }
.env { padding: 1px 9px; border-radius: 99px; font-size: .78rem; font-weight: 600; background: var(--idle-bg); color: var(--idle); }
.env.production { background: var(--bad-bg); color: var(--bad); }
.top nav ul { display: flex; gap: 4px; }
.top nav a { display: block; padding: 17px 12px 15px; border-bottom: 3px solid transparent; color: var(--soft); text-decoration: none; font-weight: 550; }
.top nav a:hover { color: var(--ink); border-bottom-color: var(--line-strong); }
.top nav a[aria-current] { color: var(--ink); border-bottom-color: var(--link); }
.who { display: flex; align-items: center; gap: 14px; margin-left: auto; font-size: .92rem; }
.actor { max-width: 22ch; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.role { margin-left: 8px; padding: 1px 8px; border-radius: 99px; background: var(--idle-bg); color: var(--idle); font-size: .78rem; font-weight: 600; }
.live { display: inline-flex; align-items: center; gap: 7px; color: var(--soft); font-size: .85rem; }
.live[hidden] { display: none; }
.live::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: var(--line-strong); }
.live.on::before { background: #16a34a; box-shadow: 0 0 0 3px rgb(22 163 74 / .18); }
`;

const CONTROLS = `
label { display: grid; gap: 5px; align-content: start; font-size: .88rem; font-weight: 550; color: var(--soft); }
input, select, textarea { width: 100%; min-height: 38px; padding: 7px 11px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--card); color: var(--ink); font: inherit; font-size: .95rem; font-weight: 400; }
textarea { resize: vertical; }
[aria-invalid] { border-color: var(--bad); }
.problem-text { color: var(--bad); font-weight: 600; }
::placeholder { color: var(--soft); opacity: 1; }
button { min-height: 38px; padding: 7px 16px; border: 1px solid transparent; border-radius: 8px; background: var(--accent); color: var(--on-accent); font: inherit; font-size: .95rem; font-weight: 600; cursor: pointer; white-space: nowrap; }
button:hover { filter: brightness(1.1); }
button.secondary { background: var(--card); border-color: var(--line-strong); color: var(--ink); }
button.plain { min-height: 32px; padding: 3px 10px; background: none; border-color: var(--line); color: var(--ink); font-size: .88rem; font-weight: 550; }
button.danger { background: #b42318; color: #fff; }
.search { display: flex; gap: 8px; flex: 0 1 430px; }
.filter { display: grid; grid-template-columns: repeat(auto-fill, minmax(165px, 1fr)); gap: 14px; padding: 18px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.buttons { display: flex; align-items: center; gap: 14px; align-self: end; min-height: 38px; }
.stack { display: grid; gap: 18px; }
.stack button { justify-self: start; }
.login, .problem { max-width: 430px; margin: 7vh auto 0; padding: 32px; background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); }
.problem { max-width: 560px; }
.login > * + *, .problem > * + * { margin-top: 16px; }
.pages { display: flex; gap: 20px; margin-top: 16px; }
.pages a { padding: 6px 0; font-weight: 550; }
.pages #next-page { margin-left: auto; }
summary { padding: 10px 16px; border-radius: 12px; font-weight: 600; cursor: pointer; }
.actions { display: flex; flex-wrap: wrap; gap: 12px; }
.action > summary { padding: 7px 16px; border: 1px solid var(--line-strong); border-radius: 8px; background: var(--card); list-style: none; }
.action > summary::-webkit-details-marker { display: none; }
.action > summary:hover { background: var(--raised); }
.action[open] { flex: 1 0 100%; order: 1; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.action[open] > summary { padding: 14px 20px 4px; border: 0; font-size: 1.05rem; }
.action form { display: grid; gap: 14px; max-width: 66ch; padding: 4px 20px 20px; }
.action button { justify-self: start; }
.confirm { display: flex; flex: 1 0 100%; flex-wrap: wrap; align-items: end; gap: 14px; }
.confirm label { flex: 0 1 420px; }
`;

export const FRAME = [COLOURS, BASE, TOP, CONTROLS].join("");
