import KosCore
import Testing

@Suite struct AccessListTests {
    private let node = NodeID("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.200", true),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("fe80::/10", "fe80::1%eth0", true),
        ("10.0.0.0/8", "example.org", false),
    ])
    func networksHoldTheirAddresses(entry: String, host: String, isHeld: Bool) throws {
        #expect(try AccessList(parsing: entry).holds(host: host) == isHeld)
    }

    @Test func linesAndComments() throws {
        let node = try #require(node)
        let list = try AccessList(parsing: "# who\n\n  \(node.text) # him\r\n10.0.0.1\n")
        #expect(list.holds(node) && list.holds(host: "10.0.0.1"))
        #expect(try AccessList(parsing: "# nothing\n").isEmpty)
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "bravo", "::/129", "10.0.0.0/-1"])
    func mistakesAreNamedWithTheirLine(entry: String) {
        do throws(RecordError) {
            _ = try AccessList(parsing: "10.0.0.0/8\n\(entry)\n")
            Issue.record("'\(entry)' was taken")
        } catch {
            #expect(error.message.contains("line 2") && error.message.contains(entry))
        }
    }

    @Test func anAllowListRefusesTheRest() throws {
        let node = try #require(node)
        var rules = AccessRules()
        #expect(!rules.refuses(node) && !rules.refuses(host: "10.0.0.1"))
        rules.allow = try AccessList(parsing: node.text)
        let other = try #require(NodeID("z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"))
        #expect(!rules.refuses(node) && rules.refuses(other) && !rules.refuses(host: "10.0.0.1"))
        rules.allow = try AccessList(parsing: "10.0.0.0/8")
        #expect(!rules.refuses(other) && rules.refuses(host: "192.0.2.1"))
        rules.deny.insert(node)
        #expect(rules.refuses(node))
    }
}
