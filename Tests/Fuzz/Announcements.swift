// libFuzzer target: the words by which peers are found: TXT strings, announcements in JSON, answers
// of the domain name system, netlink's news.
import KosCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    let record = TXTRecord(strings: octets.split(separator: 0x0A).map(Array.init))
    guard record.pairs.count <= TXTRecord.maxStrings else { fatalError("without bounds") }
    if let announcement = PeerAnnouncement(record), let again = announcement.txt(keyHash: nil),
        let same = PeerAnnouncement(again)
    {
        guard same.signedOctets == announcement.signedOctets else {
            fatalError("the announcement changed")
        }
    }
    if let fields = try? RecordFields(parsing: octets.span),
        let announcement = try? PeerAnnouncement(fields)
    {
        guard let again = try? PeerAnnouncement(RecordFields(parsing: announcement.json.span)),
            again == announcement
        else { fatalError("the announcement changed") }
    }
    if let answer = DNSAnswer(octets) {
        guard answer.services.count + answer.texts.count <= 64 else { fatalError("without bounds") }
        _ = answer.endpoints
    }
    var changes = NetworkChanges()
    _ = changes.take(octets)
    return 0
}
