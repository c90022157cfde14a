// libFuzzer target: what a member of a gossip cluster may be sent. The last octet says how it came:
// as a packet, as a stream that it asked for, or as one that was opened to it.
import KosCore

private struct Clear: PacketCipher {
    func seal(_ plain: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? { plain }
    func open(_ sealed: [UInt8], key: [UInt8], authenticating: [UInt8]) -> [UInt8]? { sealed }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    var octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let way = octets.popLast() else { return 0 }
    if let plain = LZW.decompress(octets, limit: 1 << 16) {
        guard LZW.decompress(LZW.compress(plain), limit: plain.count) == plain else {
            fatalError("LZW changed on its way")
        }
    }
    let address = ContactAddress(ip: IPAddress(ipv4: 0xC000_0201), port: 7946)
    let sender = ContactAddress(ip: IPAddress(ipv4: 0xC000_0207), port: 7946)
    let keys = way & 4 == 0 ? [] : [[UInt8](repeating: 1, count: 16)]
    guard
        let envelope = GossipEnvelope(label: way & 8 == 0 ? "" : "kos", keys: keys, cipher: Clear())
    else {
        fatalError("no envelope")
    }
    var node = Gossip(
        GossipNode(name: "a", address: address), tags: ["role": "relay"], settings: .lan,
        envelope: envelope, seed: 1, at: .zero)
    var outputs: [Gossip.Output] = []
    node.handle(.join([sender]), at: .zero, into: &outputs)
    switch way & 3 {
    case 0, 1: node.handle(.datagram(octets, from: sender), at: .zero, into: &outputs)
    case 2: node.handle(.reply(1, octets), at: .zero, into: &outputs)
    default: node.handle(.request(1, octets, from: sender), at: .zero, into: &outputs)
    }
    node.advance(to: .zero + .seconds(30), into: &outputs)
    guard outputs.count < 100_000 else { fatalError("without bounds") }
    return 0
}
