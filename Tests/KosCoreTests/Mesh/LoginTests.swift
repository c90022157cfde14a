import KosCore
import Testing

/// Who comes and proves nothing, in virtual time.
@Suite struct LoginTests {
    private struct Scene {
        var node: MeshNode
        var closed: [DropReason] = []
        var said: [[UInt8]] = []

        init() {
            node = MeshNode(
                signer: TestKeys(1), verifier: TestKeys(1), settings: MeshNode.Settings(),
                epoch: Timestamp(milliseconds: 1_795_372_371_774), at: .zero, seed: 1)
        }

        mutating func tell(_ input: MeshNode.Input, at now: Instant) {
            var outputs: [MeshNode.Output] = []
            node.handle(input, at: now, into: &outputs)
            take(outputs)
        }

        mutating func run(until end: Instant) {
            while let due = node.nextDeadline, due <= end {
                var outputs: [MeshNode.Output] = []
                node.advance(to: due, into: &outputs)
                take(outputs)
            }
        }

        private mutating func take(_ outputs: [MeshNode.Output]) {
            for output in outputs {
                switch output {
                case .link(.close(_, let reason)): closed.append(reason)
                case .link(.octets(_, let octets)): said.append(octets)
                default: break
                }
            }
        }
    }

    private static func caller(_ transport: TransportType, isOutgoing: Bool = false) -> LinkTraits {
        LinkTraits(
            transport: transport, remote: Endpoint(transport: transport, host: "10.0.0.2", port: 9),
            isOutgoing: isOutgoing)
    }

    private static let second: Int64 = 1_000_000_000

    @Test func aCallerThatBringsNothingIsLetGoWithinAMinute() {
        var scene = Scene()
        scene.tell(.link(.opened(LinkID(1), LoginTests.caller(.tcp))), at: .zero)
        scene.run(until: Instant(nanoseconds: 59 * LoginTests.second))
        #expect(scene.closed.isEmpty)
        scene.run(until: Instant(nanoseconds: 60 * LoginTests.second))
        #expect(scene.closed == [.idle])
    }

    @Test func aLineThatDoesNotEndIsLetGoWithinAMinute() {
        var scene = Scene()
        scene.tell(.link(.opened(LinkID(1), LoginTests.caller(.tcp))), at: .zero)
        for tenth in 0..<600 {
            let now = Instant(nanoseconds: Int64(tenth) * LoginTests.second / 10)
            scene.run(until: now)
            guard scene.closed.isEmpty else { break }
            scene.tell(.link(.octets(LinkID(1), [0x7B])), at: now)
        }
        scene.run(until: Instant(nanoseconds: 60 * LoginTests.second))
        #expect(scene.closed.first == .idle)
    }

    @Test func whoIsCalledAndProvesNothingIsLetGo() {
        var scene = Scene()
        let traits = LoginTests.caller(.tcp, isOutgoing: true)
        scene.tell(.link(.opened(LinkID(1), traits)), at: .zero)
        scene.run(until: Instant(nanoseconds: 10 * LoginTests.second))
        #expect(scene.closed == [.notAuthenticated])
    }

    /// Whoever may have come under a false address hears nothing before it speaks.
    @Test func theSenderOfADatagramSpeaksFirst() {
        var scene = Scene()
        scene.tell(.link(.opened(LinkID(1), LoginTests.caller(.udp))), at: .zero)
        scene.run(until: Instant(nanoseconds: 5 * LoginTests.second))
        #expect(scene.said.isEmpty)
    }
}
