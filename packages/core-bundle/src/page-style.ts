/** The style of the static page: system fonts, light and dark, readable from 360 px. Contrast is AA in both schemes. */
export const pageStyle = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1b1f24;--dim:#57606a;--line:#d5dae1;--accent:#0a58ca;
--pass:#116329;--pass-bg:#dcf5e3;--fail:#a40e26;--fail-bg:#ffe3e6;--blocked:#7a4a00;--blocked-bg:#fff1d0;--code:#eef1f4}
@media(prefers-color-scheme:dark){:root{--bg:#0e1116;--card:#161b22;--text:#e6edf3;--dim:#9aa5b1;--line:#30363d;--accent:#79b8ff;
--pass:#7ee2a0;--pass-bg:#10301c;--fail:#ffa8b0;--fail-bg:#3f1319;--blocked:#f2cc76;--blocked-bg:#372808;--code:#1f262e}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:70rem;margin:0 auto;padding:1rem}
header{border-bottom:1px solid var(--line);background:var(--card)}
header>div{max-width:70rem;margin:0 auto;padding:1.2rem 1rem}
h1{font-size:1.35rem;line-height:1.25;margin:.5rem 0 .7rem}
h2{font-size:1.05rem;margin:0 0 .6rem}
h3{font-size:.95rem;margin:1rem 0 .3rem}
p{margin:.3rem 0}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem;margin:0 0 1rem}
.badge{display:inline-block;padding:.1rem .6rem;border-radius:99px;font-weight:600;font-size:.85rem;white-space:nowrap}
.pass{color:var(--pass);background:var(--pass-bg)}.fail{color:var(--fail);background:var(--fail-bg)}.blocked{color:var(--blocked);background:var(--blocked-bg)}
.band{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:0;color:var(--dim);font-size:.9rem}
.band div{display:flex;gap:.35rem}.band dt::after{content:":"}.band dd{margin:0;color:var(--text)}
.dim{color:var(--dim)}
ul,ol{margin:.3rem 0;padding-left:1.2rem}li{margin:.25rem 0}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.85em}
code{background:var(--code);padding:.08em .3em;border-radius:4px}
pre{background:var(--code);border-radius:8px;padding:.7rem;margin:.4rem 0;overflow:auto;max-height:34rem;white-space:pre;overflow-wrap:normal;tab-size:4}
pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
pre span{display:block;min-width:max-content}
.add{color:var(--pass);background:var(--pass-bg)}.del{color:var(--fail);background:var(--fail-bg)}.hunk{color:var(--accent)}
details{margin:.4rem 0}summary{cursor:pointer}
summary:focus-visible,pre:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;overflow-wrap:break-word}td code,td .hash{overflow-wrap:anywhere}td code{display:inline-block;min-width:9rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--dim);white-space:nowrap}
.hash{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.75rem;color:var(--dim)}
footer{color:var(--dim);font-size:.85rem;padding:0 0 2rem}
`;
