import KosCore

/// Writes batches of requests, and knows in which row each packet stands. Lives on the journal's
/// thread.
final class Clerk {
    private let shelf: Shelf
    private var names: NameList
    private var rows: [Custody.Name: Int64]
    /// Removals that could not be written; tried again.
    private var late: [Custody.Name] = []

    init(_ shelf: Shelf, _ names: NameList, rows: [Custody.Name: Int64]) {
        self.shelf = shelf
        self.names = names
        self.rows = rows
    }

    /// Commits since the journal was begun anew.
    private var commits = 0
    private static let manyCommits = 64

    var isBehind: Bool { !late.isEmpty }
    /// Whether a quiet moment would be well used.
    var isUnsettled: Bool { commits >= Clerk.manyCommits }

    func settle() {
        commits = 0
        shelf.settle()
    }

    func write(_ requests: [Custody.Request]) -> [Custody.Answer] {
        var items: [Custody.Item] = []
        var gone = late
        for request in requests {
            switch request {
            case .store(let item): items.append(item)
            case .remove(let name):
                // Given up before it was written: it need not be.
                items.removeAll { $0.name == name }
                gone.append(name)
            }
        }
        late = []
        names.remove(gone)
        if commit(items, gone) { return items.isEmpty ? [] : [.stored(items.map(\.name))] }
        // A removal must not be lost because there is no room for something new.
        if !items.isEmpty, commit([], gone) { gone = [] }
        late = gone
        return items.isEmpty ? [] : [.failed(items.map(\.name))]
    }

    private func commit(_ items: [Custody.Item], _ gone: [Custody.Name]) -> Bool {
        let leaving = gone.compactMap { rows[$0] }
        guard !items.isEmpty || !leaving.isEmpty else { return true }
        do throws(Database.Failure) {
            let added = try shelf.commit(adding: items, removing: leaving)
            commits += 1
            for name in gone { rows[name] = nil }
            for (item, row) in zip(items, added) { rows[item.name] = row }
        } catch {
            return false
        }
        names.add(items.lazy.map(\.name))
        if names.isLong(for: rows.count) { names.begin(with: rows.keys) }
        return true
    }
}
