/// The part of the page's script that makes and checks packets (kos(7); RFC 8032, RFC 8785).
extension MeshPage {
    static let packets = #"""
        'use strict';
        const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
        const utf8 = text => new TextEncoder().encode(text);
        const base64 = octets => btoa(String.fromCharCode(...octets));
        const unbase64 = text => Uint8Array.from(atob(text), each => each.charCodeAt(0));

        function base58(octets) {
          let number = 0n, text = '';
          for (const octet of octets) number = number << 8n | BigInt(octet);
          for (; number > 0n; number /= 58n) text = alphabet[Number(number % 58n)] + text;
          for (const octet of octets) { if (octet) break; text = '1' + text; }
          return text;
        }

        /// The 32 octets of the key that a node is named by; null where it is named otherwise.
        function keyOf(node) {
          if (!/^z6Mk[1-9A-HJ-NP-Za-km-z]{40,48}$/.test(node)) return null;
          let number = 0n;
          for (const character of node.slice(1)) {
            number = number * 58n + BigInt(alphabet.indexOf(character));
          }
          const octets = new Uint8Array(34);
          for (let at = 33; at >= 0; at--, number >>= 8n) octets[at] = Number(number & 255n);
          return number === 0n && octets[0] === 0xed && octets[1] === 1 ? octets.slice(2) : null;
        }

        /// JSON Canonicalization Scheme: a script's numbers and strings are its own.
        function canonical(value) {
          if (Array.isArray(value)) return '[' + value.map(canonical).join(',') + ']';
          if (value === null || typeof value !== 'object') return JSON.stringify(value);
          return '{' + Object.keys(value).sort()
            .map(key => JSON.stringify(key) + ':' + canonical(value[key])).join(',') + '}';
        }

        /// What a signature covers: all that relays leave as it is.
        function covered(packet) {
          const { signature, route, ...rest } = packet;
          const { ttl, hops, ...metadata } = packet.metadata;
          return utf8('kos-packet-v1\n' + canonical({ ...rest, metadata }));
        }

        /// The node that this page is, with a key that lives as long as its tab.
        class Self {
          static async make() {
            if (!globalThis.crypto?.subtle) {
              throw new Error('keys need https, or http on localhost: this page only looks on');
            }
            const own = new Self();
            const stored = sessionStorage.getItem('kos-key');
            try {
              if (stored) {
                const jwk = JSON.parse(stored);
                own.key = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', true, ['sign']);
                own.public = unbase64(jwk.x.replace(/-/g, '+').replace(/_/g, '/'));
              } else {
                const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
                own.key = pair.privateKey;
                own.public = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
                const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
                sessionStorage.setItem('kos-key', JSON.stringify(jwk));
              }
            } catch (error) {
              throw new Error('this browser has no Ed25519 (' + error.message + '): it only looks on');
            }
            own.id = 'z' + base58([0xed, 1, ...own.public]);
            own.name = 'browser-' + own.id.slice(-4);
            return own;
          }

          packet(destination, type, payload, { ttl = 8, flags = [], priority = 3 } = {}) {
            return {
              id: crypto.randomUUID(), version: 1, timestamp: Date.now(), source: this.id,
              destination, payload, options: {}, route: [this.id],
              metadata: { hops: 0, ttl, priority, type, flags }, signature: null,
            };
          }

          async sign(packet) {
            const signature = await crypto.subtle.sign('Ed25519', this.key, covered(packet));
            packet.signature = base64(new Uint8Array(signature));
            return packet;
          }

          about(kind, more) {
            return {
              kind, name: this.name, role: 'leaf', capabilities: ['browser'], addresses: [],
              sequence: Date.now(), ...more,
            };
          }
        }

        async function isSigned(packet) {
          try {
            const raw = keyOf(packet.source);
            if (!raw || !packet.signature) return false;
            const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
            return crypto.subtle.verify('Ed25519', key, unbase64(packet.signature), covered(packet));
          } catch { return false; }
        }
        """#
}
