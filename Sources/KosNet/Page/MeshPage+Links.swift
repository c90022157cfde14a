/// The part of the page's script that is a neighbour of the relay: a data channel or a WebSocket,
/// the login on it, and what comes over it.
extension MeshPage {
    static let links = #"""
        const mesh = {
          self: null, relay: null, relayName: '', state: 'starting', transport: null, error: '',
          nodes: new Map(), received: [], receipts: new Map(), roundTrip: null,
        };
        let send = () => {}, close = () => {}, challenge = '', theirs = '', sequence = 0;
        let outgoing = Promise.resolve(), incoming = Promise.resolve(), fresh = new Map(), attempt = 0;

        function become(state, error = '') {
          mesh.state = state;
          mesh.error = error;
          draw();
        }

        /// Packets go out in the order in which they were made.
        function post(packet, isSigned = true) {
          const line = send;
          outgoing = outgoing.then(async () => {
            line(JSON.stringify(isSigned ? await mesh.self.sign(packet) : packet));
          }).catch(error => note(error.message, 'bad'));
          return packet;
        }

        // Connecting

        async function overWebRTC(tell) {
          const connection = new RTCPeerConnection();
          const channel = connection.createDataChannel('kos', { protocol: 'kos.v1' });
          channel.binaryType = 'arraybuffer';
          const end = new Promise((_, reject) => {
            connection.onconnectionstatechange = () => {
              if (connection.connectionState === 'failed') reject(new Error('no way to the relay'));
            };
          });
          const late = new Promise((_, reject) => {
            setTimeout(() => reject(new Error('no data channel within 10 s')), 10000);
          });
          const gathered = new Promise(done => {
            connection.onicecandidate = event => { if (!event.candidate) done(); };
            setTimeout(done, 500);
          });
          try {
            await connection.setLocalDescription(await connection.createOffer());
            await gathered;
            const answer = await fetch('/', {
              method: 'POST', headers: { 'Content-Type': 'application/sdp' },
              body: connection.localDescription.sdp,
            });
            if (answer.status !== 201) throw new Error('HTTP ' + answer.status + ' to the offer');
            await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
            await Promise.race([end, late, new Promise(done => { channel.onopen = done; })]);
          } catch (error) {
            connection.close();
            throw error;
          }
          channel.onmessage = event => tell(event.data);
          channel.onclose = () => tell(null);
          return [text => channel.send(text), () => connection.close()];
        }

        async function overWebSocket(tell) {
          const scheme = location.protocol === 'https:' ? 'wss://' : 'ws://';
          const socket = new WebSocket(scheme + location.host + '/', 'kos.v1');
          await new Promise((done, failed) => {
            socket.onopen = done;
            socket.onerror = () => failed(new Error('no WebSocket there'));
          });
          socket.onmessage = event => tell(event.data);
          socket.onclose = () => tell(null);
          return [text => socket.send(text), () => socket.close()];
        }

        async function connect(transport) {
          const mine = ++attempt;
          close();
          Object.assign(mesh, { relay: null, transport, roundTrip: null });
          challenge = base64(crypto.getRandomValues(new Uint8Array(32)));
          theirs = '';
          become('connecting');
          const tell = data => {
            if (mine !== attempt) return;
            if (data === null) return become('closed', 'the relay has closed the connection');
            incoming = incoming.then(() => mine === attempt && take(data))
              .catch(error => note(error.message, 'bad'));
          };
          try {
            const [write, end] = await (transport === 'webrtc' ? overWebRTC : overWebSocket)(tell);
            if (mine !== attempt) return end();
            [send, close] = [write, end];
            become('proving');
            greet('*', true);
          } catch (error) {
            if (mine !== attempt) return;
            note(transport + ': ' + error.message, 'bad');
            if (transport === 'webrtc') return connect('websocket');
            become('failed', error.message);
          }
        }

        // The protocol of a neighbour

        function greet(destination, wantsAnswer) {
          const more = { wantsAnswer, challenge };
          if (theirs) more.answer = theirs;
          post(mesh.self.packet(destination, 'discovery', mesh.self.about('nodeInfo', more),
            { ttl: 0, priority: 0 }));
        }

        async function take(data) {
          if (typeof data !== 'string') return;
          const packet = JSON.parse(data), payload = packet.payload ?? {};
          const control = payload.kind, type = packet.metadata?.type;
          if (type === 'heartbeat') return beat(packet, payload);
          if (!await isSigned(packet)) return note('a packet whose signature is wrong', 'bad');
          if (type === 'discovery' && control === 'nodeInfo') return meet(packet, payload);
          if (type === 'routing' && control === 'linkState') return learn(packet, payload);
          if (type === 'routing' && control === 'topology') return settle();
          if (type === 'control' && control === 'refusal') return become('failed', payload.reason);
          if (packet.destination !== mesh.self.id && packet.destination !== '*') return;
          if (type === 'control') return hear(packet, payload);
          if (type === 'probe' || packet.metadata.flags.includes('ack')) {
            post(mesh.self.packet(packet.source, 'control',
              { kind: 'receipt', ref: packet.id, destination: mesh.self.id }));
          }
          if (type === 'probe' || type === 'routing') return;
          mesh.received.unshift(packet);
          mesh.received.length = Math.min(mesh.received.length, 100);
          const text = typeof packet.payload === 'string' ? packet.payload
            : JSON.stringify(packet.payload);
          note(text, 'in', nameOf(packet.source));
        }

        function meet(packet, payload) {
          const isProven = payload.answer === challenge && packet.destination === mesh.self.id;
          const isNew = payload.challenge !== theirs;
          theirs = payload.challenge ?? '';
          if (isNew) greet(packet.source, !isProven);
          if (!isProven || mesh.relay) return;
          mesh.relay = packet.source;
          mesh.relayName = payload.name ?? '';
          become('connected');
          announce();
          ask();
          ping();
        }

        function beat(packet, payload) {
          if (payload.kind === 'ping') {
            post(mesh.self.packet(packet.source, 'heartbeat',
              { kind: 'pong', stamp: payload.stamp }, { ttl: 0, priority: 0 }), false);
          } else if (payload.kind === 'pong') {
            mesh.roundTrip = Math.max(0, performance.now() - Number(payload.stamp));
          }
        }

        function ping() {
          if (mesh.state !== 'connected') return;
          post(mesh.self.packet(mesh.relay, 'heartbeat',
            { kind: 'ping', stamp: String(performance.now()) }, { ttl: 0, priority: 0 }), false);
        }

        /// This page's own link, so that the mesh can reach it.
        function announce() {
          if (mesh.state !== 'connected') return;
          sequence = Math.max(sequence + 1, Date.now());
          const transport = mesh.transport === 'webrtc' ? 'webrtc' : 'ws';
          const links = [{
            destination: mesh.relay, transport, latency: (mesh.roundTrip ?? 2) / 2, reliability: 1,
          }];
          const payload = { ...mesh.self.about('linkState'), sequence, links };
          const packet = mesh.self.packet('*', 'routing', payload, { ttl: 32, priority: 0 });
          mesh.nodes.set(mesh.self.id, payload);
          post(packet);
        }

        function ask() {
          if (mesh.state !== 'connected') return;
          fresh = new Map();
          post(mesh.self.packet(mesh.relay, 'routing', { kind: 'topologyRequest' },
            { ttl: 0, priority: 0 }));
        }

        function learn(packet, payload) {
          const known = mesh.nodes.get(packet.source);
          fresh.set(packet.source, payload);
          if (!known || known.sequence < payload.sequence) mesh.nodes.set(packet.source, payload);
        }

        /// The relay has told everything: what it did not mention is gone.
        function settle() {
          const own = mesh.nodes.get(mesh.self.id);
          mesh.nodes = fresh;
          if (own) mesh.nodes.set(mesh.self.id, own);
          fresh = new Map(mesh.nodes);
          draw();
        }

        function hear(packet, payload) {
          const sent = mesh.receipts.get(payload.ref);
          if (!sent) return;
          mesh.receipts.delete(payload.ref);
          const isThere = payload.kind === 'receipt' || payload.kind === 'stored';
          const took = Math.round(performance.now() - sent.at);
          sent.mark(isThere ? payload.kind + ' ' + took + ' ms' : payload.kind, isThere);
        }

        function say(destination, text) {
          const packet = mesh.self.packet(destination, 'data', text, { flags: ['ack'] });
          const mark = note(text, 'out', nameOf(destination));
          mesh.receipts.set(packet.id, { at: performance.now(), mark });
          post(packet);
          return packet.id;
        }
        """#
}
