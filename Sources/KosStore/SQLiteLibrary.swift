import CSQLite
import Glibc

/// The functions of libsqlite3, looked up when a journal is first wanted: a relay that keeps
/// nothing starts without the library. The types are those of sqlite3.h.
struct SQLiteLibrary: Sendable {
    typealias Handle = OpaquePointer?
    typealias Text = UnsafePointer<CChar>?

    let openV2: @convention(c) (Text, UnsafeMutablePointer<Handle>, Int32, Text) -> Int32
    let closeV2: @convention(c) (Handle) -> Int32
    let exec:
        @convention(c) (
            Handle, Text,
            (
                @convention(c) (
                    UnsafeMutableRawPointer?, Int32, UnsafeMutablePointer<Text>?,
                    UnsafeMutablePointer<Text>?
                ) -> Int32
            )?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Text>?
        ) -> Int32
    let errmsg: @convention(c) (Handle) -> Text
    let prepareV2:
        @convention(c) (
            Handle, Text, Int32, UnsafeMutablePointer<Handle>, UnsafeMutablePointer<Text>?
        ) -> Int32
    let step: @convention(c) (Handle) -> Int32
    let reset: @convention(c) (Handle) -> Int32
    let finalize: @convention(c) (Handle) -> Int32
    let lastInsertRowid: @convention(c) (Handle) -> Int64
    let bindInt64: @convention(c) (Handle, Int32, Int64) -> Int32
    let bindText: @convention(c) (Handle, Int32, Text, Int32, sqlite3_destructor_type?) -> Int32
    let bindBlob:
        @convention(c) (
            Handle, Int32, UnsafeRawPointer?, Int32, sqlite3_destructor_type?
        ) -> Int32
    let columnInt64: @convention(c) (Handle, Int32) -> Int64
    let columnBlob: @convention(c) (Handle, Int32) -> UnsafeRawPointer?
    let columnBytes: @convention(c) (Handle, Int32) -> Int32

    private struct Missing: Error {}

    /// Nil on a host that does not have the library.
    static let shared = SQLiteLibrary()

    private init?() {
        guard let library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL) else { return nil }
        /// A name with a type that the caller's property gives.
        func function<F>(_ name: String) throws(Missing) -> F {
            guard let found = dlsym(library, "sqlite3_" + name) else { throw Missing() }
            return unsafeBitCast(found, to: F.self)
        }
        do {
            openV2 = try function("open_v2")
            closeV2 = try function("close_v2")
            exec = try function("exec")
            errmsg = try function("errmsg")
            prepareV2 = try function("prepare_v2")
            step = try function("step")
            reset = try function("reset")
            finalize = try function("finalize")
            lastInsertRowid = try function("last_insert_rowid")
            bindInt64 = try function("bind_int64")
            bindText = try function("bind_text")
            bindBlob = try function("bind_blob")
            columnInt64 = try function("column_int64")
            columnBlob = try function("column_blob")
            columnBytes = try function("column_bytes")
        } catch {
            return nil
        }
    }
}
