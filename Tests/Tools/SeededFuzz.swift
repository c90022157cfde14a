// A bounded run of the fuzz targets of kos-capture (Tests/Fuzz), whose entries bear the targets'
// names here: SeededFuzz NAME FOLDER ROUNDS. Each file of the folder is handed over as it is, then
// ROUNDS inputs that are made of them, the same in every run. A trap ends the process; the
// input's number is in the last line then.
import Glibc
import KosCapture
import KosCore

@main struct SeededFuzz {
    static let targets: [String: @Sendable (UnsafePointer<UInt8>, Int) -> Int32] = [
        "Dissection": fuzzDissection, "FrameFilter": fuzzFrameFilter,
        "CaptureCopies": fuzzCaptureCopies, "Captures": fuzzCaptures, "Streams": fuzzStreams,
    ]

    static func octets(of path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&octets, 1, octets.count, file)
        return Array(octets[..<count])
    }

    static func seeds(_ folder: String) -> [[UInt8]] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted().map { octets(of: folder + "/" + $0) }.filter { !$0.isEmpty }
    }

    /// Changed octets, numbers at their limits, cuts, repetitions, the head of one and the tail of
    /// another.
    static func mutated(_ seeds: [[UInt8]], _ random: inout SplitMix64) -> [UInt8] {
        func below(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }
        var octets = seeds[below(seeds.count)]
        for _ in 0...below(6) where !octets.isEmpty {
            switch below(7) {
            case 0, 1: octets[below(octets.count)] = UInt8(below(256))
            case 2:
                let limits: [UInt8] = [0, 1, 0x7F, 0x80, 0xFF]
                for place in below(octets.count)..<octets.count where below(2) == 0 {
                    octets[place] = limits[below(limits.count)]
                    if below(3) == 0 { break }
                }
            case 3: octets.removeLast(below(octets.count))
            case 4: octets.removeSubrange(0..<below(octets.count))
            case 5:
                let start = below(octets.count)
                let piece = octets[start..<min(octets.count, start + below(64))]
                octets.insert(contentsOf: piece, at: below(octets.count))
            default:
                let other = seeds[below(seeds.count)]
                octets = Array(octets[..<below(octets.count)] + other[below(other.count)...])
            }
        }
        return Array(octets.prefix(4096))
    }

    static func main() {
        let words = CommandLine.arguments
        guard words.count == 4, let target = targets[words[1]], let rounds = Int(words[3]) else {
            exit(2)
        }
        let seeds = seeds(words[2])
        guard !seeds.isEmpty else { exit(2) }
        var random = SplitMix64(seed: 1)
        for number in 0..<seeds.count + rounds {
            let octets = number < seeds.count ? seeds[number] : mutated(seeds, &random)
            if number % 50 == 0 { _ = "\(number)\n".withCString { write(1, $0, strlen($0)) } }
            octets.withUnsafeBufferPointer { bytes in
                if let base = bytes.baseAddress { _ = target(base, bytes.count) }
            }
        }
        print("done", seeds.count + rounds)
    }
}
