/// The part of the page's script that shows the mesh.
extension MeshPage {
    static let view = #"""
        const $ = id => document.getElementById(id);
        const colours = { tcp: '#60a5fa', tls: '#38bdf8', ws: '#a78bfa', wss: '#c084fc', http: '#f472b6',
          udp: '#34d399', webrtc: '#fbbf24', lora: '#fb923c', bluetooth: '#818cf8' };
        const brief = node => node.length > 16 ? node.slice(0, 6) + '…' + node.slice(-4) : node;
        const nameOf = node => node === mesh.self?.id ? 'this page'
          : mesh.nodes.get(node)?.name ?? (node === mesh.relay && mesh.relayName || brief(node));
        const svg = (tag, attributes = {}) => {
          const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
          for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
          return made;
        };
        const cell = (tag, text, more = {}) => Object.assign(document.createElement(tag),
          { textContent: text, ...more });

        /// A line in the list of packets; the result is called with what became of it.
        function note(text, kind, who = '') {
          const line = document.createElement('li'), outcome = cell('small', '');
          line.dataset.kind = kind;
          line.append(cell('time', new Date().toTimeString().slice(0, 8)),
            cell('span', (who ? who + ': ' : '') + text.slice(0, 400)), outcome);
          $('log').prepend(line);
          while ($('log').childElementCount > 60) $('log').lastChild.remove();
          return (mark, isGood) => {
            outcome.textContent = mark;
            outcome.style.color = isGood ? 'var(--good)' : 'var(--bad)';
          };
        }

        // Routes: what both ends announce counts (Dijkstra over latency).

        function edges() {
          const found = new Map();
          for (const [source, info] of mesh.nodes) {
            for (const link of info.links ?? []) {
              const back = mesh.nodes.get(link.destination)?.links ?? [];
              if (!back.some(each => each.destination === source)) continue;
              const key = [source, link.destination].sort().join(' ');
              const known = found.get(key);
              if (known && known.latency <= link.latency) continue;
              found.set(key, { a: source, b: link.destination, transport: link.transport,
                latency: link.latency });
            }
          }
          return [...found.values()];
        }

        function routes(list) {
          const start = mesh.self?.id, best = new Map([[start, { cost: 0, hops: 0, via: null }]]);
          const open = new Set([start]), done = new Set();
          while (open.size) {
            const at = [...open].reduce((one, other) =>
              best.get(other).cost < best.get(one).cost ? other : one);
            open.delete(at);
            done.add(at);
            if (at !== start && mesh.nodes.get(at)?.role === 'leaf') continue;
            for (const { a, b, latency } of list) {
              const next = a === at ? b : b === at ? a : null;
              if (!next || done.has(next)) continue;
              const here = best.get(at), cost = here.cost + Math.max(latency, 0.01);
              if (best.has(next) && best.get(next).cost <= cost) continue;
              best.set(next, { cost, hops: here.hops + 1, via: here.via ?? next });
              open.add(next);
            }
          }
          return best;
        }

        // The map: springs along the links, and every node pushes the others away.

        const places = new Map();
        let drawn = '';

        function layOut(nodes, list, width, height) {
          for (const node of places.keys()) if (!nodes.includes(node)) places.delete(node);
          nodes.forEach((node, index) => {
            if (places.has(node)) return;
            const angle = index * 2.4;
            places.set(node, { x: width / 2 + 60 * Math.cos(angle) * Math.sqrt(index + 1),
              y: height / 2 + 60 * Math.sin(angle) * Math.sqrt(index + 1) });
          });
          const ideal = Math.min(220, Math.sqrt(width * height / (nodes.length + 1)) * 0.62);
          for (let step = 0; step < 300; step++) {
            const heat = 24 * (1 - step / 300) + 0.5, push = new Map(nodes.map(node => [node, [0, 0]]));
            const pull = (one, other, force) => {
              const a = places.get(one), b = places.get(other);
              const x = a.x - b.x || 0.1, y = a.y - b.y || 0.1, far = Math.hypot(x, y);
              const size = force(far) / far;
              push.get(one)[0] += x * size;
              push.get(one)[1] += y * size;
              push.get(other)[0] -= x * size;
              push.get(other)[1] -= y * size;
            };
            nodes.forEach((one, at) => nodes.slice(at + 1).forEach(other =>
              pull(one, other, far => ideal * ideal / far)));
            for (const { a, b } of list) pull(a, b, far => -far * far / ideal);
            for (const node of nodes) {
              const place = places.get(node), [x, y] = push.get(node), size = Math.hypot(x, y) || 1;
              place.x += x / size * Math.min(size, heat) + (width / 2 - place.x) * 0.01;
              place.y += y / size * Math.min(size, heat) + (height / 2 - place.y) * 0.01;
              place.x = Math.min(width - 70, Math.max(70, place.x));
              place.y = Math.min(height - 70, Math.max(60, place.y));
            }
          }
        }

        function drawMap(list, best) {
          const box = $('map').getBoundingClientRect();
          const attached = new Set(list.flatMap(({ a, b }) => [a, b]));
          if (mesh.self) attached.add(mesh.self.id);
          const nodes = [...attached].sort();
          const shape = JSON.stringify([nodes, list.map(({ a, b, transport }) => [a, b, transport]),
            Math.round(box.width), Math.round(box.height), nodes.map(nameOf)]);
          if (shape === drawn) return;
          drawn = shape;
          layOut(nodes, list, box.width, box.height);
          const inner = [];
          for (const { a, b, transport, latency } of list) {
            const from = places.get(a), to = places.get(b), colour = colours[transport] ?? '#94a3b8';
            const line = { x1: from.x, y1: from.y, x2: to.x, y2: to.y, stroke: colour };
            const edge = svg('line', { ...line, class: 'edge', 'stroke-width': 2.5 });
            const title = svg('title');
            title.textContent = transport + ', ' + latency.toFixed(1) + ' ms';
            edge.append(title);
            inner.push(edge, svg('line', { ...line, class: 'flow', stroke: '#fff', 'stroke-width': 2 }));
          }
          for (const node of nodes) {
            const { x, y } = places.get(node), isOwn = node === mesh.self?.id;
            const hops = best.get(node)?.hops ?? 9;
            const isLeaf = mesh.nodes.get(node)?.role === 'leaf';
            const group = svg('g', { class: 'node' + (isOwn ? ' own' : '') });
            const fill = isOwn ? '#7c9cff' : `hsl(${160 + hops * 22} 65% 58%)`;
            group.append(svg('circle', { cx: x, cy: y, r: isLeaf ? 13 : 19, fill }),
              svg('text', { x, y: y + (isLeaf ? 32 : 38) }));
            group.lastChild.textContent = nameOf(node);
            group.append(svg('title'));
            group.lastChild.textContent = node;
            inner.push(group);
          }
          $('graph').replaceChildren(...inner);
          const used = [...new Set(list.map(each => each.transport))].sort();
          $('legend').replaceChildren(...used.map(transport => {
            const item = document.createElement('li'), mark = document.createElement('i');
            mark.style.background = colours[transport] ?? '#94a3b8';
            item.append(mark, transport);
            return item;
          }));
        }

        function drawNodes(best) {
          const found = [...best].filter(([node]) => node && node !== mesh.self?.id)
            .sort((one, other) => one[1].cost - other[1].cost);
          $('count').textContent = found.length + 1 + ' in reach';
          $('nodes').replaceChildren(...found.map(([node, { via, hops, cost }]) => {
            const row = document.createElement('tr');
            row.append(cell('td', nameOf(node), { title: node }),
              cell('td', via === node ? 'direct' : nameOf(via), { title: via }), cell('td', hops),
              cell('td', cost.toFixed(1)));
            return row;
          }));
          const chosen = $('to').value, list = found.map(([node]) => node);
          if ([...$('to').options].map(each => each.value).join() === list.join()) return;
          $('to').replaceChildren(...list.map(node => cell('option', nameOf(node), { value: node })));
          if (list.includes(chosen)) $('to').value = chosen;
        }

        function draw() {
          $('state').textContent = mesh.state + (mesh.state === 'connected'
            ? ' · ' + (mesh.transport === 'webrtc' ? 'WebRTC' : 'WebSocket') : '');
          $('state').dataset.state = mesh.state;
          $('own').textContent = mesh.self ? brief(mesh.self.id) : 'no key';
          $('own').title = mesh.self?.id ?? '';
          $('relay').textContent = mesh.relay ? nameOf(mesh.relay) : '…';
          $('note').textContent = mesh.error;
          $('rtc').setAttribute('aria-pressed', mesh.transport === 'webrtc');
          $('ws').setAttribute('aria-pressed', mesh.transport === 'websocket');
          const list = edges(), best = routes(list);
          drawMap(list, best);
          drawNodes(best);
        }

        // Figures of the relay, each second, from its metrics.

        const history = new Map();
        let before = null;

        async function measure() {
          const answer = await fetch('/metrics').catch(() => null);
          if (!answer?.ok) return;
          const now = { at: performance.now(), received: 0, sent: 0, octets: 0, dropped: 0 };
          for (const line of (await answer.text()).split('\n')) {
            const value = Number(line.slice(line.lastIndexOf(' ') + 1));
            if (/^kos_relay_packets_total.*received/.test(line)) now.received += value;
            if (/^kos_relay_packets_total.*sent/.test(line)) now.sent += value;
            if (/^kos_(received|sent)_bytes_total/.test(line)) now.octets += value;
            if (/^kos_dropped_packets_total/.test(line)) now.dropped += value;
            if (/^kos_connections /.test(line)) now.connections = value;
          }
          const seconds = before ? (now.at - before.at) / 1000 : 0;
          const rate = key => seconds > 0 ? Math.max(0, now[key] - before[key]) / seconds : 0;
          show('packets in', rate('received').toFixed(1), '/s', rate('received'));
          show('packets out', rate('sent').toFixed(1), '/s', rate('sent'));
          show('octets', (rate('octets') / 1024).toFixed(1), 'KiB/s', rate('octets'));
          show('dropped', now.dropped, 'in all', rate('dropped'));
          show('connections', now.connections ?? 0, 'open', now.connections ?? 0);
          show('round trip', mesh.roundTrip === null ? '–' : mesh.roundTrip.toFixed(1), 'ms',
            mesh.roundTrip ?? 0);
          before = now;
        }

        function show(name, text, unit, value) {
          let figure = history.get(name);
          if (!figure) {
            figure = { values: [], box: cell('div', '', { className: 'figure' }) };
            figure.box.append(cell('b', ''), ' ' + unit, cell('em', name),
              svg('svg', { viewBox: '0 0 60 20', preserveAspectRatio: 'none' }));
            figure.box.lastChild.append(svg('polyline', { fill: 'none', stroke: '#7c9cff',
              'stroke-width': 1, 'vector-effect': 'non-scaling-stroke' }));
            history.set(name, figure);
            $('figures').append(figure.box);
          }
          figure.values = [...figure.values, value].slice(-60);
          figure.box.firstChild.textContent = text;
          const top = Math.max(...figure.values, 1e-9);
          figure.box.querySelector('polyline').setAttribute('points', figure.values.map(
            (each, at) => (60 - figure.values.length + at) + ',' + (19 - 17 * each / top)).join(' '));
        }

        $('rtc').onclick = () => connect('webrtc');
        $('ws').onclick = () => connect('websocket');
        $('form').onsubmit = event => {
          event.preventDefault();
          if (mesh.state !== 'connected' || !$('text').value || !$('to').value) return;
          say($('to').value, $('text').value);
          $('text').value = '';
        };
        addEventListener('resize', draw);
        addEventListener('pagehide', () => close());
        setInterval(measure, 1000);
        setInterval(ask, 2000);
        setInterval(ping, 2500);
        setInterval(announce, 30000);
        measure();
        Self.make().then(own => {
          mesh.self = own;
          connect(globalThis.RTCPeerConnection ? 'webrtc' : 'websocket');
        }).catch(error => {
          $('rtc').disabled = $('ws').disabled = true;
          become('failed', error.message);
        });
        draw();
        globalThis.kos = { mesh, say, connect, edges, routes };
        """#
}
