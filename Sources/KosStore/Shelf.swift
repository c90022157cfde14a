import Glibc
import KosCore

/// The packets in custody as a table of a database: a row each, with a sum over all of it, so that
/// a row that has changed on the disk is never taken for a packet.
final class Shelf {
    /// What was found at the start.
    struct Stock {
        var items: [Custody.Item] = []
        var rows: [Custody.Name: Int64] = [:]
        /// Packets whose rows are no longer what was written.
        var spoilt: [String] = []
        var spoiltRows: [Int64] = []
    }

    private let database: Database
    private let insertion: Statement
    private let deletion: Statement

    init(path: String) throws(Database.Failure) {
        database = try Database(path: path)
        try database.run(
            """
            CREATE TABLE IF NOT EXISTS held (
                number INTEGER PRIMARY KEY, id TEXT NOT NULL, source TEXT NOT NULL,
                destination TEXT NOT NULL, priority INTEGER NOT NULL, expires INTEGER NOT NULL,
                receipt INTEGER NOT NULL, octets BLOB NOT NULL, sum INTEGER NOT NULL)
            """)
        insertion = try database.prepare("INSERT INTO held VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)")
        deletion = try database.prepare("DELETE FROM held WHERE number = ?")
    }

    /// Whether every page of the file is what it should be.
    func isSound() -> Bool {
        do throws(Database.Failure) {
            let check = try database.prepare("PRAGMA quick_check(1)")
            return try check.step() && check.text(0) == "ok"
        } catch {
            return false
        }
    }

    /// Reads what can be read: from the front to the first damage, then from the back.
    func stock() -> Stock {
        var stock = Stock()
        var last = Int64.min
        var isWhole = false
        read("number > ? ORDER BY number", &stock, &last, &isWhole)
        if !isWhole {
            var first = Int64.max
            let front = last
            read("number > \(front) AND number < ? ORDER BY number DESC", &stock, &first, &isWhole)
        }
        return stock
    }

    private func read(
        _ condition: String, _ stock: inout Stock, _ last: inout Int64, _ isWhole: inout Bool
    ) {
        do throws(Database.Failure) {
            let rows = try database.prepare("SELECT * FROM held WHERE \(condition)")
            rows.bind(1, last)
            while try rows.step() {
                last = rows.integer(0)
                let item = Custody.Item(
                    name: Custody.Name(id: rows.text(1), source: rows.text(2)),
                    destination: rows.text(3), priority: Int(rows.integer(4)),
                    expires: Timestamp(milliseconds: rows.integer(5)),
                    wantsReceipt: rows.integer(6) != 0, octets: rows.octets(7))
                if rows.integer(8) == item.sum {
                    stock.items.append(item)
                    stock.rows[item.name] = last
                } else {
                    stock.spoilt.append(item.name.id)
                    stock.spoiltRows.append(last)
                }
            }
            isWhole = true
        } catch {
            isWhole = false
        }
    }

    /// Moves what was committed into the table; the next commits begin their journal anew.
    func settle() { try? database.run("PRAGMA wal_checkpoint(PASSIVE)") }

    /// Does all of it or nothing; returns the rows of what was added.
    func commit(
        adding items: [Custody.Item], removing rows: [Int64]
    ) throws(Database.Failure) -> [Int64] {
        try database.run("BEGIN")
        var added: [Int64] = []
        do throws(Database.Failure) {
            for item in items {
                insertion.bind(1, item.name.id)
                insertion.bind(2, item.name.source)
                insertion.bind(3, item.destination)
                insertion.bind(4, Int64(item.priority))
                insertion.bind(5, item.expires.milliseconds)
                insertion.bind(6, item.wantsReceipt ? 1 : 0)
                insertion.bind(7, item.octets)
                insertion.bind(8, item.sum)
                _ = try insertion.step()
                added.append(database.lastRow)
            }
            for row in rows {
                deletion.bind(1, row)
                _ = try deletion.step()
            }
            try database.run("COMMIT")
        } catch {
            try? database.run("ROLLBACK")
            throw error
        }
        return added
    }
}

extension Custody.Item {
    /// Over every member: what a flipped bit on the disk would change.
    fileprivate var sum: Int64 {
        var hash = OctetHash(seed: 0x6B6F_7321)
        for text in [name.id, name.source, destination] {
            let octets = Array(text.utf8)
            hash.add(octets.span, octets.indices)
        }
        hash.add(octets.span, octets.indices)
        let rest = Array("\(priority) \(expires.milliseconds) \(wantsReceipt)".utf8)
        hash.add(rest.span, rest.indices)
        return hash.folded
    }
}
