import KosCapture
import KosCore
import Testing

@Suite struct WebSocketFramesTests {
    private static func frame(
        _ payload: [UInt8], opcode: UInt8, isFinal: Bool = true, mask: [UInt8]? = nil
    ) -> [UInt8] {
        let size = payload.count
        var head: [UInt8] = [opcode | (isFinal ? 0x80 : 0)]
        let bit: UInt8 = mask == nil ? 0 : 0x80
        if size < 126 {
            head.append(UInt8(size) | bit)
        } else if size < 65536 {
            head += [126 | bit] + Octets.be16(size)
        } else {
            head += [127 | bit, 0, 0, 0, 0] + Octets.be32(size)
        }
        guard let mask else { return head + payload }
        return head + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    private static func read(_ octets: [UInt8], step: Int) -> ([[UInt8]], Int, Bool) {
        var frames = WebSocketFrames()
        var found: [[UInt8]] = []
        var at = 0
        while at < octets.count {
            let end = min(octets.count, at + step)
            frames.read(octets.span, at..<end) { found.append($0) }
            at = end
        }
        return (found, frames.skippedMessages, frames.isClosed)
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func messagesComeOutHoweverTheyAreCut(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var octets: [UInt8] = []
        var sent: [[UInt8]] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let size = [0, 5, 125, 126, 4000, 65536].randomElement(using: &random) ?? 0
            let text = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
            let cut = Int.random(in: 0...size, using: &random)
            octets += Self.frame(Array(text[..<cut]), opcode: 1, isFinal: false, mask: mask)
            octets += Self.frame([1, 2], opcode: 9)
            octets += Self.frame(Array(text[cut...]), opcode: 0, mask: seed & 1 == 0 ? mask : nil)
            sent.append(text)
        }
        let step = Int.random(in: 1...700, using: &random)
        let whole = Self.read(octets, step: step)
        #expect(whole.0 == sent && whole.1 == 0 && !whole.2, "seed \(seed) step \(step)")
    }

    @Test func noiseEndsTheConnectionAndKeepsLittle() {
        var random = SplitMix64(seed: 11)
        var closed = 0
        for round in 0..<3000 {
            var octets = (0..<Int.random(in: 0...400, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if round & 1 == 0 { octets = Self.frame([7, 7], opcode: 2) + octets }
            let step = Int.random(in: 1...64, using: &random)
            let parts = Self.read(octets, step: step)
            #expect(parts == Self.read(octets, step: 1000), "round \(round) step \(step)")
            #expect(round & 1 == 1 || parts.0.first == [7, 7])
            #expect(parts.0.allSatisfy { $0.count <= WebSocketFrames.maxMessage })
            closed += parts.2 ? 1 : 0
        }
        #expect(closed > 1000)
    }

    @Test func aMessageThatIsTooLongIsSteppedOver() {
        let long = [UInt8](repeating: 1, count: WebSocketFrames.maxMessage + 1)
        let octets = Self.frame(long, opcode: 2) + Self.frame([3], opcode: 2)
        let found = Self.read(octets, step: 999)
        #expect(found.0 == [[3]] && found.1 == 1)
    }
}
