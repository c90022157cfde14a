"""A swarm of libtorrent's DHT nodes on loopback, driven line by line over stdin (Debian's
python3-libtorrent, so run it with /usr/bin/python3). First argument: `subnet` (127.0.77.1 to .10),
`apart` (127.0.1.1 to 127.0.10.1, libtorrent's own settings) or `six` (::1, one port each).

Commands: `through ADDRESS PORT` prints how many nodes a newcomer comes to know that begins with that one; `get KEYHEX SALT` prints the item as JSON; `put SALT NAME TEXT` signs with the key whose seed is the
SHA-256 of the name, puts the item and prints the public key; `peers HASHHEX` prints the addresses announced under a hash; `announce HASHHEX`."""

import hashlib
import json
import sys
import time

import libtorrent as lt

LAYOUT = sys.argv[1]
COUNT = 10
ADDRESSES = {
    "subnet": [(f"127.0.77.{i}", 6881) for i in range(1, COUNT + 1)],
    "apart": [(f"127.0.{i}.1", 6881) for i in range(1, COUNT + 1)],
    "six": [("::1", 6880 + i) for i in range(1, COUNT + 1)],
}[LAYOUT]


def session(address, port):
    settings = {
        "listen_interfaces": f"{'[::1]' if address == '::1' else address}:{port}", "enable_dht": True, "dht_bootstrap_nodes": "",
        "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
        "alert_mask": lt.alert.category_t.all_categories,
    }
    if LAYOUT != "apart":
        settings.update(dht_restrict_routing_ips=False, dht_restrict_search_ips=False)
    return lt.session(settings)


def wait(session, kind, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        session.wait_for_alert(200)
        for alert in session.pop_alerts():
            if isinstance(alert, kind):
                return alert
    return None


sessions = [session(*address) for address in ADDRESSES]
for one in sessions:
    for address in ADDRESSES:
        one.add_dht_node(address)
end = time.monotonic() + 30
while time.monotonic() < end and min(s.status().dht_nodes for s in sessions) < 3:
    time.sleep(0.1)
print("ready", flush=True)

for line in sys.stdin:
    command, *words = line.split()
    last = sessions[-1]
    last.pop_alerts()
    if command == "get":
        key, salt = bytes.fromhex(words[0]), words[1]
        last.dht_get_mutable_item(key, salt.encode())
        alert = wait(last, lt.dht_mutable_item_alert)
        item = alert.item if alert else {}
        value = item.get("value", b"") if isinstance(item, dict) else item
        print(json.dumps({
            "value": value.decode() if isinstance(value, bytes) else value,
            "seq": item.get("seq") if isinstance(item, dict) else None}), flush=True)
    elif command == "put":
        salt, name, text = words[0], words[1], " ".join(words[2:])
        # libtorrent wants the expanded key: the clamped SHA-512 of the seed.
        seed = hashlib.sha256(name.encode()).digest()
        expanded = bytearray(hashlib.sha512(seed).digest())
        expanded[0] &= 248
        expanded[31] &= 63
        expanded[31] |= 64
        from cryptography.hazmat.primitives.asymmetric import ed25519
        from cryptography.hazmat.primitives import serialization as s
        public = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(
            s.Encoding.Raw, s.PublicFormat.Raw)
        last.dht_put_mutable_item(bytes(expanded), public, text.encode(), salt.encode())
        alert = wait(last, lt.dht_put_alert)
        print(json.dumps({"key": public.hex(), "stored": alert.num_success if alert else 0}), flush=True)
    elif command == "peers":
        last.dht_get_peers(lt.sha1_hash(bytes.fromhex(words[0])))
        found = set()
        end = time.monotonic() + 6
        while time.monotonic() < end and not found:
            alert = wait(last, lt.dht_get_peers_reply_alert, 2)
            for peer in alert.peers() if alert else []:
                found.add(str(peer[0]) + ":" + str(peer[1]) if isinstance(peer, tuple) else str(peer))
        print(json.dumps(sorted(found)), flush=True)
    elif command == "through":
        newcomer = session("127.0.88.1", 6881)
        newcomer.add_dht_node((words[0], int(words[1])))
        end = time.monotonic() + 10
        while time.monotonic() < end and newcomer.status().dht_nodes < 3:
            time.sleep(0.1)
        print(json.dumps(newcomer.status().dht_nodes), flush=True)
        del newcomer
    elif command == "nodes":
        print(json.dumps([s.status().dht_nodes for s in sessions]), flush=True)
    elif command == "announce":
        params = lt.add_torrent_params()
        params.info_hashes = lt.info_hash_t(lt.sha1_hash(bytes.fromhex(words[0])))
        params.save_path = "/nonexistent"
        last.add_torrent(params)
        print(json.dumps("ok"), flush=True)
