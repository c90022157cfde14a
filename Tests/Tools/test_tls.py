"""TLS: certificates judged by libp2p's own implementation and the other way round, openssl and curl as peers, what is
refused and why on both ends; the login where there is no such certificate; seals opened by an independent HPKE."""
import base64
import datetime
import ipaddress
import json
import socket
import ssl
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.x509.oid import NameOID
from libp2p.crypto.ed25519 import Ed25519PrivateKey as LibP2PKey
from libp2p.security.tls.certificate import (
    create_cert_template, generate_certificate, pub_key_from_cert_chain)

import pyhpke
import rfc8785
from custody import Client, kind
from kit import records, tool
from mesh import PythonNode, Relay, base58, verify

TLS = ["tls://127.0.0.1:0", "wss://127.0.0.1:0", "tcp://127.0.0.1:0", "ws://127.0.0.1:0"]


@pytest.fixture(scope="module")
def relay(tmp_path_factory):
    relay = Relay(tmp_path_factory.mktemp("tls"), "alpha", "--events", "all", "-v", listen=TLS)
    yield relay
    relay.kill()


def dropped(relay):
    """What the relay has dropped so far, by reason."""
    out = subprocess.run([tool("kos-relay"), "status", "--socket", relay.socket], capture_output=True, check=True)
    return next(record["dropped"] for record in records("kos-relay", out.stdout))


def send(run, *arguments, **options):
    return run("kos-send", *arguments, "-t", "8s", check=False, **options)


def context(certificate=None, key=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    if certificate:
        made.load_cert_chain(certificate, key)
    return made


def secured(relay, made):
    return made.wrap_socket(socket.create_connection(("127.0.0.1", relay.ports["tls"]), timeout=5))


@pytest.mark.parametrize("transport", ["tls", "wss"])
def test_the_peer_of_the_uri_is_the_one_that_answers(run, relay, transport):
    sent = send(run, "-T", f"{relay.uri(transport)}?peer={relay.id}", "hello")
    assert sent.returncode == 0
    assert json.loads(sent.stdout)["status"] == "delivered"


@pytest.mark.parametrize("transport", ["tls", "wss", "tcp", "ws"])
def test_another_peer_than_the_uris_is_refused_on_both_ends(run, relay, transport):
    before = dropped(relay).get("refused", 0)
    sent = send(run, "-T", f"{relay.uri(transport)}?peer={PythonNode().id}", "hello")
    assert sent.returncode == 3
    assert b"wrongPeer" in sent.stderr
    assert b"packet" not in sent.stdout
    relay.wait(lambda record: record.get("reason") == "refused: wrongPeer")
    assert dropped(relay)["refused"] == before + 1


# The certificate, both ways.

def test_libp2p_takes_the_certificate(relay):
    with secured(relay, context()) as connection:
        assert connection.version() == "TLSv1.3"
        der = connection.getpeercert(binary_form=True)
    key = pub_key_from_cert_chain([x509.load_der_x509_certificate(der)])
    assert "z" + base58(b"\xed\x01" + key.to_bytes()) == relay.id


def libp2p_pair(folder):
    """A certificate and its key as PyPI's libp2p makes them, and the node that it is of."""
    node = PythonNode()
    certificate, key = generate_certificate(LibP2PKey.from_bytes(node.key.private_bytes_raw()), create_cert_template())
    (folder / "own.pem").write_text(certificate)
    (folder / "own.key").write_text(key)
    return node


class Secured(Client):
    """A node on a TLS connection."""

    def __init__(self, node, connection):
        self.node = node
        self.answers = True
        self.greets = False
        self.rest = b""
        self.socket = connection


def test_a_node_with_libp2ps_certificate_needs_no_login(relay, tmp_path):
    node = libp2p_pair(tmp_path)
    with secured(relay, context(tmp_path / "own.pem", tmp_path / "own.key")) as connection:
        client = Secured(node, connection)
        client.write(node.greeting())
        up = relay.wait(lambda record: record["type"] == "link" and record.get("event") == "up"
                        and record["destination"] == node.id)
        assert up["transport"] == "tls"


def test_a_certificate_of_another_node_is_refused_on_both_ends(relay, tmp_path):
    libp2p_pair(tmp_path)
    liar = PythonNode()
    before = dropped(relay).get("wrongPeer", 0)
    with secured(relay, context(tmp_path / "own.pem", tmp_path / "own.key")) as connection:
        client = Secured(liar, connection)
        client.write(liar.greeting())
        refusal = client.collect(lambda packet: kind(packet) == "refusal")
    verify(refusal)
    assert refusal["payload"]["reason"] == "wrongPeer"
    assert dropped(relay)["wrongPeer"] == before + 1


def broken_pair(folder, flaw):
    """A certificate as the specification has it, but for one thing."""
    node = PythonNode()
    key = ec.generate_private_key(ec.SECP256R1())
    info = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    signature = node.key.sign(b"libp2p-tls-handshake:" + (info[:-1] + b"\0" if flaw == "tampered" else info))
    proof = b"\x30\x68\x04\x24\x08\x01\x12\x20" + node.key.public_key().public_bytes_raw() + b"\x04\x40" + signature
    now = datetime.datetime.now(datetime.timezone.utc)
    end = now - datetime.timedelta(minutes=1) if flaw == "expired" else now + datetime.timedelta(hours=1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(7).not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(end))
    if flaw != "no extension":
        builder = builder.add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.53594.1.1"), proof), critical=False)
    signer = ec.generate_private_key(ec.SECP256R1()) if flaw == "not self-signed" else key
    (folder / "own.pem").write_bytes(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "own.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return node


FLAWS = [("expired", "expired"), ("tampered", "badCertificate"), ("no extension", "badCertificate"),
         ("not self-signed", "badCertificate")]


@pytest.mark.parametrize("flaw, reason", FLAWS)
def test_a_callers_certificate_that_proves_nothing_is_refused(relay, tmp_path, flaw, reason):
    broken_pair(tmp_path, flaw)
    before = dropped(relay).get(reason, 0)
    with pytest.raises(ssl.SSLError, match="(?i)alert"):
        with secured(relay, context(tmp_path / "own.pem", tmp_path / "own.key")) as connection:
            connection.settimeout(5)
            connection.recv(1)
    assert dropped(relay)[reason] == before + 1


@pytest.mark.parametrize("flaw, reason", FLAWS)
def test_a_servers_certificate_that_proves_nothing_is_refused(run, tmp_path, flaw, reason):
    broken_pair(tmp_path, flaw)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    listener.close()
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", tmp_path / "own.pem", "-key",
         tmp_path / "own.key", "-tls1_3", "-quiet"], stderr=subprocess.PIPE, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        until_open(port)
        sent = send(run, "-T", f"tls://127.0.0.1:{port}", "hello")
    finally:
        server.kill()
    assert sent.returncode == 3
    words = {"expired": b"not valid now", "tampered": b"has not signed", "no extension": b"no libp2p extension",
             "not self-signed": b"own signature is wrong"}
    assert words[flaw] in sent.stderr
    assert b"alert" in server.stderr.read()


def until_open(port, patience=5):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with open("/proc/net/tcp") as table:
            if f":{port:04X} 00000000:0000 0A" in table.read():
                return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}")


# openssl and curl.

def test_openssl_and_curl_talk_to_it(relay):
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{relay.ports['tls']}", "-alpn", "kos/1"],
        input=b"", capture_output=True, timeout=10)
    assert b"TLSv1.3" in shown.stdout and b"ALPN protocol: kos/1" in shown.stdout
    assert relay.id.encode() in shown.stdout
    old = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{relay.ports['tls']}", "-tls1_2"],
        input=b"", capture_output=True, timeout=10)
    assert b"protocol version" in old.stderr
    health = subprocess.run(
        ["curl", "-sk", "--max-time", "5", f"https://127.0.0.1:{relay.ports['wss']}/healthz"], capture_output=True)
    assert json.loads(health.stdout)["status"] == "ok"
    plain = subprocess.run(
        ["curl", "-s", "--max-time", "5", f"http://127.0.0.1:{relay.ports['wss']}/healthz"], capture_output=True)
    assert plain.returncode != 0


# Ordinary authorities.

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """ca.pem, and pair.pem with a certificate for 127.0.0.1 and its key; other.pem is another authority."""
    folder = tmp_path_factory.mktemp("authority")
    now = datetime.datetime.now(datetime.timezone.utc)

    def write(path, *parts):
        (folder / path).write_bytes(b"".join(parts))

    def pem(key):
        return key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def certificate(name, key, issuer, signer, *extensions):
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(hours=1)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    for path in ["ca", "other"]:
        root = ec.generate_private_key(ec.SECP256R1())
        write(f"{path}.pem", certificate(name(path), root, name(path), root, (x509.BasicConstraints(True, 0), True)))
        if path == "ca":
            key = ec.generate_private_key(ec.SECP256R1())
            addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            leaf = certificate(name("relay"), key, name("ca"), root, (addresses, False))
            write("pair.pem", leaf, pem(key))
            write("leaf.pem", leaf)
            write("leaf.key", pem(key))
    return folder


def test_an_authoritys_certificate_and_the_login_together(run, authority, tmp_path):
    relay = Relay(tmp_path, "pki", "--cert", authority / "leaf.pem", "--cert-key", authority / "leaf.key", "--events", "all",
                  "-v", listen=("wss://127.0.0.1:0", "tls://0.0.0.0:0"))
    try:
        for transport in ["wss", "tls"]:
            uri = relay.uri(transport)
            assert send(run, "--ca", authority / "ca.pem", "-T", f"{uri}?peer={relay.id}", "hello").returncode == 0
            wrong = send(run, "--ca", authority / "ca.pem", "-T", f"{uri}?peer={PythonNode().id}", "hello")
            assert wrong.returncode == 3 and b"wrongPeer" in wrong.stderr
            other = send(run, "--ca", authority / "other.pem", "-T", uri, "hello")
            assert other.returncode == 3 and b"certificate verify failed" in other.stderr
            none = send(run, "-T", uri, "hello")
            assert none.returncode == 3 and b"no libp2p extension" in none.stderr
        # The certificate is for another address of this host.
        other = send(run, "--ca", authority / "ca.pem", "-T", f"tls://127.0.0.2:{relay.ports['tls']}", "hello")
        assert other.returncode == 3
        health = subprocess.run(
            ["curl", "-s", "--cacert", authority / "ca.pem", "--max-time", "5",
             f"https://127.0.0.1:{relay.ports['wss']}/healthz"], capture_output=True)
        assert json.loads(health.stdout)["status"] == "ok"
        assert dropped(relay)["refused"] >= 4
    finally:
        relay.kill()


def test_files_that_are_no_certificates_are_told_of(run, authority, tmp_path):
    (tmp_path / "bad.pem").write_text("nothing\n")
    for arguments in [("--cert", tmp_path / "bad.pem"), ("--cert", authority / "leaf.pem"),
                      ("--cert", tmp_path / "absent.pem"), ("--ca", tmp_path / "absent.pem")]:
        result = run("kos-relay", "--socket", "none", "--listen", "tls://127.0.0.1:0", *arguments, check=False)
        assert result.returncode == 3
        assert b".pem" in result.stderr
    assert run("kos-send", "--cert-key", "x", "-T", "tls://127.0.0.1:1", "x", check=False).returncode == 2


# The login.

def greeted(relay):
    """A connection on which the relay has said who it is."""
    client = Client(PythonNode(), relay.ports["tcp"], greets=False)
    return client, client.collect(lambda packet: kind(packet) == "nodeInfo")


def refused(client):
    packet = client.collect(lambda packet: kind(packet) == "refusal")
    verify(packet)
    return packet["payload"]["reason"]


def is_neighbour(relay, node):
    relay.read(0.3)
    return any(record["type"] == "link" and record.get("destination") == node.id for record in relay.records)


def test_who_answers_the_challenge_is_a_neighbour(relay):
    client, info = greeted(relay)
    client.write(client.node.greeting(info))
    relay.wait(lambda record: record["type"] == "link" and record["destination"] == client.node.id)
    client.close()


def test_a_node_info_without_an_answer_proves_nothing(relay):
    client, info = greeted(relay)
    client.write(client.node.greeting())
    answer = client.collect(lambda packet: kind(packet) == "nodeInfo")
    assert "answer" in answer["payload"], "the relay proves itself first"
    assert not is_neighbour(relay, client.node)
    client.close()


@pytest.mark.parametrize("case", ["replayed", "for another", "tampered", "unsigned", "of another"])
def test_what_proves_nothing_is_refused_with_its_reason_and_counted(relay, case):
    client, info = greeted(relay)
    reason = {"replayed": "replayed", "for another": "replayed", "tampered": "badSignature",
              "unsigned": "notAuthenticated", "of another": "badSignature"}[case]
    before = dropped(relay).get(reason, 0)
    node = client.node
    packet = node.greeting(info)
    if case == "replayed":
        client.write(packet)
        relay.wait(lambda record: record["type"] == "link" and record["destination"] == node.id)
        client.close()
        client, _ = greeted(relay)
    elif case == "for another":
        packet = node.greeting({**info, "source": PythonNode().id})
    elif case == "tampered":
        packet["payload"]["sequence"] += 1
    elif case == "unsigned":
        packet["signature"] = None
    elif case == "of another":
        packet["source"] = PythonNode().id
    client.write(packet)
    assert refused(client) == reason
    assert dropped(relay)[reason] == before + 1
    end = time.monotonic() + 5
    while client.read(0.2) is not None:
        assert time.monotonic() < end, "the connection stays open"


# Seals.

def test_a_payload_is_sealed_to_who_has_a_key_and_opened_there(run, relay):
    sent = send(run, "-T", relay.uri("tcp"), "geheim")
    packet = relay.wait(lambda record: record["type"] == "packet"
                        and record["id"] == json.loads(sent.stdout)["packetId"])
    assert packet["payload"] == "geheim" and "sealed" in packet["metadata"]["flags"]
    sent = send(run, "--no-seal", "-T", relay.uri("tcp"), "offen")
    packet = relay.wait(lambda record: record["type"] == "packet"
                        and record["id"] == json.loads(sent.stdout)["packetId"])
    assert packet["payload"] == "offen" and "sealed" not in packet["metadata"]["flags"]


def test_the_seal_is_rfc_9180s(run, tmp_path):
    """A node in Python publishes a key; an independent HPKE opens what kos-send sealed to it."""
    node = PythonNode()
    key = x25519.X25519PrivateKey.generate()
    published = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    suite = pyhpke.CipherSuite.new(
        pyhpke.KEMId.DHKEM_X25519_HKDF_SHA256, pyhpke.KDFId.HKDF_SHA256, pyhpke.AEADId.CHACHA20_POLY1305)
    listener = socket.create_server(("127.0.0.1", 0))
    for more, expected in [({"sealingKey": published}, True), ({}, False)]:
        process = subprocess.Popen(
            [tool("kos-send"), "--seal", "--no-ack", "-t", "5s", "-T", f"tcp://127.0.0.1:{listener.getsockname()[1]}", "geheim"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"HOME": str(tmp_path), "PATH": "/usr/bin"})
        connection = Secured(node, listener.accept()[0])
        info = connection.collect(lambda packet: kind(packet) == "nodeInfo")
        connection.write(node.greeting(info, **more))
        if expected:
            packet = connection.collect(lambda packet: packet["metadata"]["type"] == "data")
            verify(packet)
            assert packet["metadata"]["flags"] == ["sealed"] and list(packet["payload"]) == ["sealed"]
            context = rfc8785.dumps({
                "id": packet["id"], "source": packet["source"], "destination": node.id,
                "timestamp": packet["timestamp"], "type": "data"})
            info = b"kos-seal-v1" + node.id.encode()
            sealed = base64.b64decode(packet["payload"]["sealed"])
            opener = suite.create_recipient_context(
                sealed[:32], pyhpke.KEMKey.from_pyca_cryptography_key(key), info=info)
            assert opener.open(sealed[32:], context) == b'"geheim"'
            assert process.wait(10) == 0
        else:
            assert process.wait(10) == 1
            assert json.loads(process.stdout.read())["errorCode"] == "noSealingKey"
        connection.close()


def test_what_cannot_be_opened_is_refused_with_its_reason(relay):
    client, info = greeted(relay)
    client.write(client.node.greeting(info))
    packet = client.node.packet(relay.id, {"sealed": base64.b64encode(bytes(64)).decode()}, flags=("ack", "sealed"))
    client.write(packet)
    answer = client.collect(lambda each: kind(each) == "cannotOpen")
    verify(answer)
    assert answer["payload"]["ref"] == packet["id"]
    assert dropped(relay)["cannotOpen"] == 1
    client.close()


def test_a_session_is_resumed(relay):
    """Tickets (RFC 8446 §4.6.1): the second handshake needs no certificate."""
    made = context()
    session = None
    for is_reused in [False, True]:
        connection = socket.create_connection(("127.0.0.1", relay.ports["wss"]), timeout=5)
        with made.wrap_socket(connection, session=session) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while b"ok" not in answer:
                answer += connection.recv(4096)
            assert connection.session_reused is is_reused
            session = connection.session
