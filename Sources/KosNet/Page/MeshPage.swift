/// The page that a node serves at `/`: it joins the mesh from a browser, over a data channel or a
/// WebSocket, with a key of its own, and shows who is there. One document without any other file.
enum MeshPage {
    static let contentType = "text/html; charset=utf-8"

    /// Nothing is loaded from anywhere, and no other page may frame it.
    static let headers = [
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self' ws: wss:; frame-ancestors 'none'"
        ),
        ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ]

    static let octets = Array(
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>kOS mesh</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        \(body)
        <script>
        \(packets)
        \(links)
        \(view)
        </script>
        </body>
        </html>

        """.utf8)

    private static let body = #"""
        <header>
          <h1>kOS<span>mesh</span></h1>
          <div id="state" class="pill" data-state="starting">starting</div>
          <div class="who"><label>this page</label><code id="own">…</code></div>
          <div class="who"><label>relay</label><code id="relay">…</code></div>
          <nav>
            <button id="rtc" title="WebRTC data channel">WebRTC</button>
            <button id="ws" title="WebSocket">WebSocket</button>
          </nav>
        </header>
        <main>
          <section id="map"><svg id="graph" role="img" aria-label="Map of the mesh"></svg>
            <ul id="legend"></ul><p id="note"></p></section>
          <aside>
            <section><h2>Now</h2><div id="figures"></div></section>
            <section><h2>Nodes and routes <small id="count"></small></h2>
              <table><thead><tr><th>node</th><th>next hop</th><th>hops</th><th>ms</th></tr></thead>
              <tbody id="nodes"></tbody></table></section>
            <section><h2>Packets</h2>
              <form id="form"><select id="to"></select><input id="text" placeholder="say something"
                autocomplete="off" maxlength="4000"><button>send</button></form>
              <ol id="log"></ol></section>
          </aside>
        </main>
        """#

    private static let style = #"""
        :root { --back:#0b1020; --panel:#131a2e; --line:#232c48; --text:#e6ebff; --dim:#8a95b8;
          --good:#4ade80; --warn:#fbbf24; --bad:#f87171; --accent:#7c9cff; color-scheme:dark; }
        * { box-sizing:border-box; margin:0; }
        html, body { height:100%; }
        body { background:radial-gradient(1200px 700px at 25% 10%, #16204a 0, var(--back) 60%);
          color:var(--text); font:14px/1.45 system-ui, sans-serif; display:flex; flex-direction:column; }
        header { display:flex; gap:20px; align-items:center; padding:12px 20px;
          border-bottom:1px solid var(--line); flex-wrap:wrap; }
        h1 { font-size:18px; font-weight:700; letter-spacing:.02em; }
        h1 span { color:var(--accent); margin-left:6px; font-weight:400; }
        code { font:12px ui-monospace, monospace; color:var(--text); }
        .who label { display:block; font-size:11px; color:var(--dim); }
        .pill { padding:3px 12px; border-radius:99px; font-size:12px; background:var(--line); }
        .pill[data-state=connected] { background:#123a26; color:var(--good); }
        .pill[data-state=connecting], .pill[data-state=proving] { background:#3a2f10; color:var(--warn); }
        .pill[data-state=failed], .pill[data-state=closed] { background:#3d1820; color:var(--bad); }
        nav { margin-left:auto; display:flex; gap:6px; }
        button, select, input { font:inherit; color:inherit; background:var(--panel);
          border:1px solid var(--line); border-radius:8px; padding:5px 12px; min-width:0; }
        button { cursor:pointer; } button:hover { border-color:var(--accent); }
        button[aria-pressed=true] { background:#22305f; border-color:var(--accent); }
        main { flex:1; display:grid; grid-template-columns:minmax(0,1fr) 420px; min-height:0; }
        #map { position:relative; min-height:320px; }
        #graph { position:absolute; inset:0; width:100%; height:100%; }
        #legend { position:absolute; left:20px; bottom:16px; list-style:none; padding:0; display:flex;
          gap:14px; font-size:12px; color:var(--dim); }
        #legend i { display:inline-block; width:18px; height:3px; border-radius:2px; margin-right:6px;
          vertical-align:middle; }
        #note { position:absolute; left:20px; top:16px; right:20px; color:var(--warn); font-size:13px; }
        aside { border-left:1px solid var(--line); overflow:auto; padding:16px; display:flex;
          flex-direction:column; gap:16px; background:#0d1326aa; }
        h2 { font-size:12px; text-transform:uppercase; letter-spacing:.08em; color:var(--dim);
          margin-bottom:8px; font-weight:600; }
        h2 small { float:right; text-transform:none; letter-spacing:0; }
        #figures { display:grid; grid-template-columns:1fr 1fr; gap:8px; }
        .figure { background:var(--panel); border:1px solid var(--line); border-radius:10px;
          padding:8px 12px; position:relative; overflow:hidden; height:68px; }
        .figure b { font-size:19px; font-weight:600; font-variant-numeric:tabular-nums; }
        .figure em { font-style:normal; color:var(--dim); font-size:12px; display:block; }
        .figure svg { position:absolute; left:0; right:0; bottom:0; width:100%; height:26px; opacity:.75; }
        table { width:100%; border-collapse:collapse; font-size:13px; }
        th { text-align:left; color:var(--dim); font-weight:400; font-size:12px; }
        td, th { padding:4px 6px 4px 0; border-bottom:1px solid var(--line); white-space:nowrap;
          overflow:hidden; text-overflow:ellipsis; max-width:130px; }
        td:nth-child(n+3), th:nth-child(n+3) { text-align:right; font-variant-numeric:tabular-nums; }
        tr.own td:first-child { color:var(--accent); }
        form { display:grid; grid-template-columns:110px 1fr auto; gap:6px; margin-bottom:8px; }
        #log { list-style:none; padding:0; font-size:13px; display:flex; flex-direction:column; gap:4px; }
        #log li { display:grid; grid-template-columns:64px 1fr auto; gap:8px; color:var(--dim); }
        #log li span { color:var(--text); overflow-wrap:anywhere; }
        #log li[data-kind=in] span::before { content:"← "; color:var(--good); }
        #log li[data-kind=out] span::before { content:"→ "; color:var(--accent); }
        #log li[data-kind=bad] span { color:var(--bad); }
        .node circle { stroke:#0b1020; stroke-width:3; }
        .node text { fill:var(--text); font-size:12px; text-anchor:middle; paint-order:stroke;
          stroke:#0b1020; stroke-width:4px; }
        .node.own circle { fill:var(--accent); }
        .edge { stroke-linecap:round; opacity:.8; }
        .flow { stroke-dasharray:3 14; stroke-linecap:round; opacity:.9; animation:flow 1.1s linear infinite; }
        @keyframes flow { to { stroke-dashoffset:-34; } }
        @media (prefers-reduced-motion:reduce) { .flow { animation:none; opacity:0; } }
        @media (max-width:860px) { main { grid-template-columns:1fr; overflow:auto; }
          #map { height:52vh; } aside { border-left:0; } }
        """#
}
