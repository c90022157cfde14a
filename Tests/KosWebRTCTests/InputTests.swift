#if WebRTC
    import KosCore
    import KosNet
    import KosWebRTC
    import NIOCore
    import NIOPosix
    import Testing

    /// DTLS and SCTP between two ends in one process, and what becomes of them when what lies
    /// between changes, loses, repeats or makes up datagrams.
    @Suite(.serialized) struct InputTests {
        private static let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        private static let now = Timestamp(milliseconds: 1_795_337_400_000)

        private static func context() throws -> DTLSContext {
            let pair = try CertificateProof.pair(NodeIdentity(), at: now)
            return try #require(DTLSContext(certificate: pair.certificate, key: pair.key))
        }

        /// What is between two ends.
        private final class Air {
            var flying: [(to: Int, octets: [UInt8])] = []
            var sizes: [[Int]] = [[], []]

            func carry(from side: Int, _ octets: [UInt8]) {
                sizes[side].append(octets.count)
                flying.append((1 - side, octets))
            }
        }

        private struct Pair {
            let air = Air()
            let ends: [DTLSSession]
            let heard = Box()
            final class Box { var octets: [[UInt8]] = [] }

            init(_ contexts: [DTLSContext]) throws {
                ends = [
                    try #require(DTLSSession(contexts[0], isServer: false)),
                    try #require(DTLSSession(contexts[1], isServer: true)),
                ]
                for (side, end) in ends.enumerated() {
                    end.send = { [air] in air.carry(from: side, $0) }
                    end.received = { [heard] in heard.octets.append(Array($0)) }
                }
            }

            /// Hands over what flies, changed by `change`, until nothing does or it was too much.
            func run(_ change: ([UInt8]) -> [[UInt8]] = { [$0] }) -> [DTLSSession.Progress] {
                var last: [DTLSSession.Progress] = [.going, .going]
                var steps = 0
                while !air.flying.isEmpty, steps < 200 {
                    steps += 1
                    let (to, octets) = air.flying.removeFirst()
                    for piece in change(octets) {
                        let progress = piece.withUnsafeBytes { ends[to].take($0) }
                        if progress != .going { last[to] = progress }
                    }
                }
                return last
            }
        }

        @Test func aHandshakeProvesBothEnds() throws {
            let contexts = [try Self.context(), try Self.context()]
            let pair = try Pair(contexts)
            _ = pair.ends[0].start()
            var before = 0
            let progress = pair.run { octets in
                // Up to its cookie the server says little.
                if !pair.ends[1].isProven { before = pair.air.sizes[1].reduce(0, +) }
                return [octets]
            }
            #expect(progress == [.ready, .ready])
            #expect(before <= AmplificationLimit.factor * pair.air.sizes[0][0])
            #expect(pair.ends[0].peerDigest == contexts[1].fingerprint.octets)
            #expect(pair.ends[1].peerDigest == contexts[0].fingerprint.octets)
            #expect(pair.air.sizes.flatMap { $0 }.allSatisfy { $0 <= 1200 })
            Array("hello".utf8).withUnsafeBytes { pair.ends[0].write($0) }
            _ = pair.run()
            #expect(pair.heard.octets == [Array("hello".utf8)])
        }

        @Test func changedDatagramsAreHarmless() throws {
            let contexts = [try Self.context(), try Self.context()]
            var random = SplitMix64(seed: 17)
            var ready = 0
            for _ in 0..<300 {
                let pair = try Pair(contexts)
                _ = pair.ends[0].start()
                let progress = pair.run { Self.broken($0, &random) }
                if progress == [.ready, .ready] { ready += 1 }
                _ = (pair.ends[0].peerDigest, pair.ends[1].peerDigest)
            }
            // Some come through; what does not ends without harm, and the next one is as good.
            #expect(ready < 300)
            let pair = try Pair(contexts)
            _ = pair.ends[0].start()
            #expect(pair.run() == [.ready, .ready])
        }

        private static func broken(
            _ octets: [UInt8], _ random: inout SplitMix64
        ) -> [[UInt8]] {
            var changed = octets
            switch Int.random(in: 0..<12, using: &random) {
            case 0: return []
            case 1: return [octets, octets]
            case 2: changed.removeLast(Int.random(in: 1...octets.count, using: &random))
            case 3: changed += (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            case 4, 5:
                let at = Int.random(in: 0..<changed.count, using: &random)
                changed[at] = UInt8.random(in: 0...255, using: &random)
            default: break
            }
            return [changed]
        }

        /// Two associations, joined by calls.
        private final class Associations {
            var ends: [SCTPAssociation?] = [nil, nil]
            var flying: [(to: Int, octets: [UInt8])] = []
            var isUp = [false, false]
            var messages: [[UInt8]] = []
            var parts: [UInt8] = []

            init(on loop: any EventLoop) throws {
                for side in 0..<2 {
                    ends[side] = SCTPAssociation(
                        on: loop, localPort: 5000,
                        send: { [unowned self] in flying.append((1 - side, Array($0))) },
                        tell: { [unowned self] in happened($0, at: side) })
                }
                for end in ends { #expect(try #require(end).connect(remotePort: 5000)) }
            }

            private func happened(_ event: SCTPAssociation.Event, at side: Int) {
                switch event {
                case .up: isUp[side] = true
                case .piece(_, _, let octets, let isLast):
                    parts += octets
                    guard isLast else { return }
                    messages.append(parts)
                    parts = []
                case .lost, .reset, .writable: break
                }
            }

            func run(_ change: ([UInt8]) -> [[UInt8]] = { [$0] }) {
                var steps = 0
                while !flying.isEmpty, steps < 2000 {
                    steps += 1
                    let (to, octets) = flying.removeFirst()
                    for piece in change(octets) { piece.withUnsafeBytes { ends[to]?.take($0) } }
                }
            }

            func end() {
                for end in ends { end?.end() }
                flying = []
            }
        }

        @Test func messagesOfEverySizeArrive() async throws {
            let loop = Self.loop
            let sizes = [1, 1000, 1200, 20_000, 100_000]
            let got = try await loop.submit { () -> [Int] in
                let pair = try Associations(on: loop)
                pair.run()
                #expect(pair.isUp == [true, true])
                for size in sizes {
                    let message = [UInt8](repeating: 7, count: size)
                    let sent = message.withUnsafeBytes {
                        pair.ends[0]?.send($0, stream: 0, payload: 53)
                    }
                    #expect(sent == size)
                    pair.run()
                }
                defer { pair.end() }
                return pair.messages.map(\.count)
            }.get()
            #expect(got == sizes)
        }

        @Test func brokenPacketsAreHarmless() async throws {
            let loop = Self.loop
            let isGood = try await loop.submit { () -> Bool in
                var random = SplitMix64(seed: 23)
                for _ in 0..<200 {
                    let pair = try Associations(on: loop)
                    pair.run { Self.broken($0, &random) }
                    let message = [UInt8](repeating: 7, count: 3000)
                    _ = message.withUnsafeBytes {
                        pair.ends[0]?.send($0, stream: 0, payload: 53)
                    }
                    pair.run { Self.broken($0, &random) }
                    pair.end()
                }
                let pair = try Associations(on: loop)
                defer { pair.end() }
                pair.run()
                return pair.isUp == [true, true]
            }.get()
            #expect(isGood)
        }
    }
#endif
