import CSQLite

/// One SQLite database, held by one thread alone.
///
/// WAL with synchronous=FULL: what was committed survives the loss of power. The lock is exclusive,
/// so that no shared memory is mapped: on a full disk a mapping would end the process.
final class Database {
    struct Failure: Error {
        let code: Int32
        let message: String
        /// The file itself is not what it should be, as opposed to a full or read-only disk.
        var isDamage: Bool {
            ![
                SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN,
                SQLITE_READONLY, SQLITE_PERM, SQLITE_NOMEM, SQLITE_AUTH,
            ].contains(code & 0xFF)
        }
        var isInUse: Bool { [SQLITE_BUSY, SQLITE_LOCKED].contains(code & 0xFF) }
    }

    private static let maxPages = 8192

    fileprivate let sqlite: SQLiteLibrary
    private let handle: OpaquePointer?

    init(path: String) throws(Failure) {
        guard let sqlite = SQLiteLibrary.shared else {
            throw Failure(code: SQLITE_CANTOPEN, message: "libsqlite3.so.0 is not there")
        }
        self.sqlite = sqlite
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite.openV2(path, &opened, flags, nil)
        handle = opened
        guard code == SQLITE_OK else { throw failure(code) }
        try run("PRAGMA locking_mode = EXCLUSIVE")
        try run("PRAGMA journal_mode = WAL")
        try run("PRAGMA synchronous = FULL")
        try run("PRAGMA cell_size_check = ON")
        // What was committed is moved into the table when nothing else is to be done, and before
        // that only after so many pages: nobody waits for it.
        try run("PRAGMA wal_autocheckpoint = \(Database.maxPages)")
        try run("PRAGMA journal_size_limit = \(Database.maxPages * 4096)")
    }

    deinit { _ = sqlite.closeV2(handle) }

    /// Runs statements whose rows do not matter.
    func run(_ text: String) throws(Failure) {
        let code = sqlite.exec(handle, text, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    func prepare(_ text: String) throws(Failure) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite.prepareV2(handle, text, -1, &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        return Statement(statement, of: self)
    }

    /// Number of the row that was inserted last.
    var lastRow: Int64 { sqlite.lastInsertRowid(handle) }

    fileprivate func failure(_ code: Int32) -> Failure {
        Failure(code: code, message: sqlite.errmsg(handle).map { String(cString: $0) } ?? "")
    }
}

/// A prepared statement; what is bound stays until the next `bind`.
final class Statement {
    private let handle: OpaquePointer
    private let database: Database
    /// SQLite copies what it is given.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    fileprivate init(_ handle: OpaquePointer, of database: Database) {
        self.handle = handle
        self.database = database
    }

    deinit { _ = database.sqlite.finalize(handle) }

    func bind(_ place: Int32, _ value: Int64) {
        _ = database.sqlite.bindInt64(handle, place, value)
    }
    func bind(_ place: Int32, _ value: String) {
        _ = database.sqlite.bindText(handle, place, value, -1, Statement.transient)
    }
    func bind(_ place: Int32, _ value: [UInt8]) {
        _ = database.sqlite.bindBlob(handle, place, value, Int32(value.count), Statement.transient)
    }

    /// True when there is a row to look at; the statement is ready to be run again when there is
    /// none.
    func step() throws(Database.Failure) -> Bool {
        let code = database.sqlite.step(handle)
        if code == SQLITE_ROW { return true }
        _ = database.sqlite.reset(handle)
        guard code == SQLITE_DONE else { throw database.failure(code) }
        return false
    }

    func integer(_ column: Int32) -> Int64 { database.sqlite.columnInt64(handle, column) }
    func octets(_ column: Int32) -> [UInt8] {
        guard let start = database.sqlite.columnBlob(handle, column) else { return [] }
        let count = Int(database.sqlite.columnBytes(handle, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
    func text(_ column: Int32) -> String { String(decoding: octets(column), as: UTF8.self) }
}
