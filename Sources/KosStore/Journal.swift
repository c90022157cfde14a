import Glibc
package import KosCore
import Synchronization

/// The journal of custody: makes packets last, many in one commit, on a thread of its own, and says
/// when they do. Nobody waits for it.
package final class Journal: Sendable {
    package struct Failure: Error {
        package let isInUse: Bool
        package let message: String
    }
    /// What was found of an earlier life.
    package struct Recovery: Sendable {
        package var items: [Custody.Item] = []
        /// Packets that were kept and cannot be had any more.
        package var lost: [String] = []
        /// What is wrong with the files; nil when nothing is.
        package var damage: String?
    }

    /// Packets in one commit at most.
    static let batch = 64

    private struct Inbox {
        var requests: [Custody.Request] = []
        var isEnding = false
    }
    private let inbox = Mutex(Inbox())
    private let bell: Bell
    private let answered: @Sendable (Custody.Answer) -> Void
    private let thread = Mutex<pthread_t>(pthread_t())

    /// Opens the journal in `folder`, which must be there, and reads what it holds.
    package static func open(
        folder: String, answered: @escaping @Sendable (Custody.Answer) -> Void
    ) throws(Failure) -> (Journal, Recovery) {
        let path = folder + "/custody.sqlite"
        var names = NameList(path: folder + "/custody.names")
        let known = names.read()
        var recovery = Recovery()
        var opened: Shelf?
        var stock = Shelf.Stock()
        do throws(Database.Failure) {
            let shelf = try Shelf(path: path)
            let isSound = shelf.isSound()
            stock = shelf.stock()
            if isSound {
                if !stock.spoiltRows.isEmpty {
                    _ = try shelf.commit(adding: [], removing: stock.spoiltRows)
                    recovery.damage = "packets have changed on the disk"
                }
                opened = shelf
            } else {
                recovery.damage = "the database is damaged"
            }
        } catch {
            guard error.isDamage else {
                throw Failure(isInUse: error.isInUse, message: "\(path): \(error.message)")
            }
            recovery.damage = error.message
        }
        let shelf: Shelf
        if let opened {
            shelf = opened
        } else {
            shelf = try renew(path, &stock)
        }
        recovery.items = stock.items
        let there = Set(stock.items.map(\.name))
        // What a spoilt row says of itself counts only where nothing better is known.
        let spoilt = known.isEmpty ? stock.spoilt.filter { !$0.isEmpty } : []
        recovery.lost = Set(known.subtracting(there).map(\.id) + spoilt).sorted()
        if !recovery.lost.isEmpty, recovery.damage == nil {
            recovery.damage = "the last commits are missing"
        }
        names.begin(with: there)
        guard let bell = Bell() else {
            throw Failure(isInUse: false, message: "no more descriptors")
        }
        let journal = Journal(bell, answered)
        journal.start(Clerk(shelf, names, rows: stock.rows))
        return (journal, recovery)
    }

    /// Puts a damaged database aside, and begins one with what could be read of it.
    private static func renew(_ path: String, _ stock: inout Shelf.Stock) throws(Failure) -> Shelf {
        for suffix in ["", "-wal"] { _ = rename(path + suffix, path + ".damaged" + suffix) }
        _ = unlink(path + "-shm")
        do throws(Database.Failure) {
            let shelf = try Shelf(path: path)
            let rows = try shelf.commit(adding: stock.items, removing: [])
            stock.rows = [:]
            for (item, row) in zip(stock.items, rows) { stock.rows[item.name] = row }
            return shelf
        } catch {
            throw Failure(isInUse: error.isInUse, message: "\(path): \(error.message)")
        }
    }

    private init(_ bell: Bell, _ answered: @escaping @Sendable (Custody.Answer) -> Void) {
        self.answered = answered
        self.bell = bell
    }

    package func take(_ request: Custody.Request) {
        let isFirst = inbox.withLock { inbox in
            inbox.requests.append(request)
            return inbox.requests.count == 1
        }
        if isFirst { bell.ring() }
    }

    /// Writes what is left, and ends the thread.
    package func close() {
        inbox.withLock { $0.isEnding = true }
        bell.ring()
        pthread_join(thread.withLock { $0 }, nil)
    }

    // MARK: The thread

    private final class Work {
        let journal: Journal
        let clerk: Clerk
        init(_ journal: Journal, _ clerk: Clerk) {
            self.journal = journal
            self.clerk = clerk
        }
    }

    private func start(_ clerk: Clerk) {
        let work = Unmanaged.passRetained(Work(self, clerk))
        thread.withLock { thread in
            _ = pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    let work = Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
                    work.journal.run(work.clerk)
                    return nil
                }, work.toOpaque())
        }
    }

    private func run(_ clerk: Clerk) {
        while true {
            // With removals that could not be written there is something to do without a call, and
            // where much was written, when none comes.
            let isCalled = bell.wait(atMost: clerk.isBehind || clerk.isUnsettled ? 1 : nil)
            if !isCalled, clerk.isUnsettled { clerk.settle() }
            var isEnding = false
            while true {
                let requests = inbox.withLock { inbox in
                    isEnding = inbox.isEnding
                    let batch = Array(inbox.requests.prefix(Journal.batch))
                    inbox.requests.removeFirst(batch.count)
                    return batch
                }
                guard !requests.isEmpty || clerk.isBehind else { break }
                for answer in clerk.write(requests) { answered(answer) }
                if requests.isEmpty { break }
            }
            if isEnding { return }
        }
    }
}
