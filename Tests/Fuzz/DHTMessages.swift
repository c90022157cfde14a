// libFuzzer target: KRPC messages, read and written again, and a DHT node that is sent them.
import KosCore

private struct NoKeys: Verifier {
    func isValid(_ signature: [UInt8], of octets: [UInt8], by node: NodeID) -> Bool { false }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    if let value = Bencode(octets) {
        guard Bencode(value.encoded) == value else { fatalError("bencode changed on its way") }
    }
    var node = Kademlia(
        own: nil, settings: Kademlia.Settings(),
        ports: Kademlia.Ports(sha1: { Array($0.prefix(20)) }, verifier: NoKeys()), seed: 1,
        at: .zero)
    var outputs: [Kademlia.Output] = []
    let sender = ContactAddress(ip: IPAddress(ipv4: 0xC000_0207), port: 6881)
    node.handle(.bootstrap([sender]), at: .zero, into: &outputs)
    // Messages of one input stand apart by line feeds, so that tokens and replies can meet.
    for message in octets.split(separator: 0x0A, omittingEmptySubsequences: true).prefix(8) {
        node.handle(.datagram(Array(message), from: sender), at: .zero, into: &outputs)
    }
    node.advance(to: .zero + .seconds(60), into: &outputs)
    guard outputs.count < 1000, node.nodeCount < 1000 else { fatalError("without bounds") }
    return 0
}
