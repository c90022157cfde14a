// libFuzzer target: what a stranger can say before anything is proven to WebRTC: STUN to an ICE
// agent, descriptions, candidates, the messages that open a channel. The first octet chooses.
import KosCore

/// Not the real one: the fuzzer shall get behind it.
private struct Sum: STUNAuthenticator {
    func hmacSHA1(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: key.count), count: 20)
    }
}

private func agent(isLite: Bool) -> ICEAgent {
    var settings = ICEAgent.Settings(
        local: ICECredentials(secret: Array(0..<32)), tieBreaker: 7, secret: [1],
        authenticator: Sum())
    settings.isLite = isLite
    let home = ContactAddress(ip: IPAddress(ipv4: 0x0A00_0001), port: 1000)
    return ICEAgent(
        settings, bases: [ICECandidate(local: .host, home, rank: 0)], at: .zero)
}

private func datagrams(_ octets: [UInt8], isLite: Bool) {
    var agent = agent(isLite: isLite)
    var outputs: [ICEAgent.Output] = []
    agent.handle(.remote(agent.local, agent.bases, isLite: false), at: .zero, into: &outputs)
    var now = Instant.zero
    for piece in octets.split(separator: 0xFE, maxSplits: 8) {
        let from = ContactAddress(ip: IPAddress(ipv4: 0x0A00_0001), port: UInt16(piece.count))
        outputs = []
        agent.handle(
            .datagram(Array(piece), ICEAgent.Path(base: 0, remote: from)), at: now, into: &outputs)
        let answers = outputs.reduce(0) { sum, output in
            if case .send(let answer, let path) = output, path.remote == from {
                return sum + answer.count
            }
            return sum
        }
        guard !isLite || answers <= AmplificationLimit.factor * piece.count else {
            fatalError("more than three times what came")
        }
        now = now + .milliseconds(100)
        agent.advance(to: now, into: &outputs)
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = octets.first else { return 0 }
    let rest = Array(octets.dropFirst())
    switch first & 3 {
    case 0: datagrams(rest, isLite: first & 4 != 0)
    case 1:
        let text = String(decoding: rest, as: UTF8.self)
        guard let read = try? SessionDescription(text) else { return 0 }
        guard let again = try? SessionDescription(read.text), again.credentials == read.credentials
        else {
            fatalError("what is written is not read again")
        }
        _ =
            read.answer(
                credentials: read.credentials, fingerprint: read.fingerprint, candidates: [],
                isLite: true
            ).text
    case 2:
        let text = String(decoding: rest, as: UTF8.self)
        guard let candidate = ICECandidate(text) else { return 0 }
        guard ICECandidate(candidate.text)?.address == candidate.address else {
            fatalError("a candidate changes when it is written")
        }
    default:
        guard let open = DataChannelMessage.open(rest) else { return 0 }
        _ = open.octets
    }
    return 0
}
