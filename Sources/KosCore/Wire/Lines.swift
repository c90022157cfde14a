/// Runs of packets, a newline behind each.
package enum Lines {
    /// Calls `body` with each line's range, the newline left out; blank lines are passed over.
    package static func forEach(of run: [UInt8], _ body: (Range<Int>) -> Void) {
        var start = 0
        let octets = run.span
        while start < octets.count {
            let end = octets.firstOffset(of: 0x0A, from: start) ?? octets.count
            var last = end
            if last > start, octets[last - 1] == 0x0D { last -= 1 }
            if last > start { body(start..<last) }
            start = end + 1
        }
    }
}
