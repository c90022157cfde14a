import CBluetooth
import Glibc

/// D-Bus's system bus through sd-bus, which is loaded when it is wanted: without libsystemd there
/// is no bus, and everything else works.
final class SystemBus {
    typealias Message = OpaquePointer
    private typealias Open = @convention(c) (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    private typealias NewCall =
        @convention(c) (
            OpaquePointer, UnsafeMutablePointer<Message?>, UnsafePointer<CChar>,
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>
        ) -> Int32
    private typealias Call =
        @convention(c) (
            OpaquePointer, Message, UInt64, UnsafeMutableRawPointer?, UnsafeMutablePointer<Message?>
        ) -> Int32
    private typealias Basic = @convention(c) (Message, CChar, UnsafeRawPointer) -> Int32
    private typealias Container = @convention(c) (Message, CChar, UnsafePointer<CChar>?) -> Int32
    private typealias Plain = @convention(c) (Message) -> Int32
    private typealias Release = @convention(c) (OpaquePointer) -> OpaquePointer?
    private typealias Peek =
        @convention(c) (
            Message, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<UnsafePointer<CChar>?>
        ) -> Int32
    private typealias Read = @convention(c) (Message, CChar, UnsafeMutableRawPointer) -> Int32
    private typealias Skip = @convention(c) (Message, UnsafePointer<CChar>?) -> Int32
    private typealias ReadArray =
        @convention(c) (
            Message, CChar, UnsafeMutablePointer<UnsafeRawPointer?>, UnsafeMutablePointer<Int>
        ) -> Int32

    private struct Library {
        let open: Open
        let newCall: NewCall
        let call: Call
        let append: Basic
        let openContainer: Container
        let closeContainer: Plain
        let unrefMessage: Release
        let unrefBus: Release
        let peek: Peek
        let read: Read
        let enter: Container
        let exit: Plain
        let skip: Skip
        let readArray: ReadArray

        init?() {
            guard let handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL),
                let open = dlsym(handle, "sd_bus_open_system"),
                let newCall = dlsym(handle, "sd_bus_message_new_method_call"),
                let call = dlsym(handle, "sd_bus_call"),
                let append = dlsym(handle, "sd_bus_message_append_basic"),
                let openContainer = dlsym(handle, "sd_bus_message_open_container"),
                let closeContainer = dlsym(handle, "sd_bus_message_close_container"),
                let unrefMessage = dlsym(handle, "sd_bus_message_unref"),
                let unrefBus = dlsym(handle, "sd_bus_flush_close_unref"),
                let peek = dlsym(handle, "sd_bus_message_peek_type"),
                let read = dlsym(handle, "sd_bus_message_read_basic"),
                let enter = dlsym(handle, "sd_bus_message_enter_container"),
                let exit = dlsym(handle, "sd_bus_message_exit_container"),
                let skip = dlsym(handle, "sd_bus_message_skip"),
                let readArray = dlsym(handle, "sd_bus_message_read_array")
            else { return nil }
            self.open = unsafeBitCast(open, to: Open.self)
            self.newCall = unsafeBitCast(newCall, to: NewCall.self)
            self.call = unsafeBitCast(call, to: Call.self)
            self.append = unsafeBitCast(append, to: Basic.self)
            self.openContainer = unsafeBitCast(openContainer, to: Container.self)
            self.closeContainer = unsafeBitCast(closeContainer, to: Plain.self)
            self.unrefMessage = unsafeBitCast(unrefMessage, to: Release.self)
            self.unrefBus = unsafeBitCast(unrefBus, to: Release.self)
            self.peek = unsafeBitCast(peek, to: Peek.self)
            self.read = unsafeBitCast(read, to: Read.self)
            self.enter = unsafeBitCast(enter, to: Container.self)
            self.exit = unsafeBitCast(exit, to: Plain.self)
            self.skip = unsafeBitCast(skip, to: Skip.self)
            self.readArray = unsafeBitCast(readArray, to: ReadArray.self)
        }
    }

    /// A value of a message, as far as it means something here.
    indirect enum Value {
        case text(String)
        case number(Int)
        case octets([UInt8])
        case list([Value])
        case table([String: Value])
        case other

        var text: String? { if case .text(let text) = self { text } else { nil } }
        var number: Int? { if case .number(let number) = self { number } else { nil } }
        var octets: [UInt8]? { if case .octets(let octets) = self { octets } else { nil } }
        var table: [String: Value]? { if case .table(let table) = self { table } else { nil } }
    }
    private static let patience: UInt64 = 10_000_000
    private static let maxDepth = 8

    private let library: Library
    private let bus: OpaquePointer

    /// Nil without libsystemd or a bus.
    init?() {
        guard let library = Library() else { return nil }
        var bus: OpaquePointer?
        guard library.open(&bus) >= 0, let bus else { return nil }
        self.library = library
        self.bus = bus
    }

    deinit { _ = library.unrefBus(bus) }

    // MARK: Calls

    /// A method's answer; nil where it is refused, or nobody answers.
    func call(
        _ destination: String, _ path: String, _ interface: String, _ member: String,
        _ write: (SystemBus, Message) -> Void = { _, _ in }
    ) -> [Value]? {
        var message: Message?
        guard library.newCall(bus, &message, destination, path, interface, member) >= 0,
            let message
        else { return nil }
        defer { _ = library.unrefMessage(message) }
        write(self, message)
        var reply: Message?
        guard library.call(bus, message, SystemBus.patience, nil, &reply) >= 0, let reply else {
            return nil
        }
        defer { _ = library.unrefMessage(reply) }
        var values: [Value] = []
        while values.count < 64, let value = read(reply, 0) { values.append(value) }
        return values
    }

    func append(_ text: String, kind: Character = "s", to message: Message) {
        _ = text.withCString { library.append(message, SystemBus.code(kind), $0) }
    }

    func append(_ value: Bool, to message: Message) {
        var number: Int32 = value ? 1 : 0
        _ = library.append(message, SystemBus.code("b"), &number)
    }

    func container(
        _ kind: Character, _ contents: String, in message: Message, _ body: () -> Void
    ) {
        guard library.openContainer(message, SystemBus.code(kind), contents) >= 0 else { return }
        body()
        _ = library.closeContainer(message)
    }

    /// One entry of a table `a{sv}`.
    func entry(_ name: String, _ kind: String, in message: Message, _ body: () -> Void) {
        container("e", "sv", in: message) {
            append(name, to: message)
            container("v", kind, in: message, body)
        }
    }

    private static func code(_ kind: Character) -> CChar {
        CChar(bitPattern: kind.asciiValue ?? 0)
    }

    // MARK: Reading

    private func read(_ message: Message, _ depth: Int) -> Value? {
        var kind: CChar = 0
        var contents: UnsafePointer<CChar>?
        guard depth < SystemBus.maxDepth, library.peek(message, &kind, &contents) > 0 else {
            return nil
        }
        let name = Character(UnicodeScalar(UInt8(bitPattern: kind)))
        let inner = contents.map { String(cString: $0) } ?? ""
        switch name {
        case "s", "o", "g":
            var text: UnsafePointer<CChar>?
            guard library.read(message, kind, &text) >= 0, let text else { return nil }
            return .text(String(cString: text))
        case "y", "b", "n", "q", "i", "u", "x", "t", "d":
            var storage: UInt64 = 0
            guard library.read(message, kind, &storage) >= 0 else { return nil }
            return .number(SystemBus.number(name, storage))
        case "v":
            guard library.enter(message, kind, contents) >= 0 else { return nil }
            let value = read(message, depth + 1) ?? .other
            _ = library.exit(message)
            return value
        case "a" where inner == "y":
            var start: UnsafeRawPointer?
            var count = 0
            guard library.readArray(message, SystemBus.code("y"), &start, &count) >= 0 else {
                return nil
            }
            guard let start else { return .octets([]) }
            return .octets(Array(UnsafeRawBufferPointer(start: start, count: count)))
        case "a":
            guard library.enter(message, kind, contents) >= 0 else { return nil }
            defer { _ = library.exit(message) }
            guard inner.hasPrefix("{") else {
                var list: [Value] = []
                while let value = read(message, depth + 1) { list.append(value) }
                return .list(list)
            }
            return .table(table(message, depth))
        default:
            _ = library.skip(message, nil)
            return .other
        }
    }

    private func table(_ message: Message, _ depth: Int) -> [String: Value] {
        var table: [String: Value] = [:]
        var kind: CChar = 0
        var contents: UnsafePointer<CChar>?
        while library.peek(message, &kind, &contents) > 0,
            library.enter(message, kind, contents) >= 0
        {
            if let name = read(message, depth + 1)?.text, let value = read(message, depth + 1) {
                table[name] = value
            }
            guard library.exit(message) >= 0 else { break }
        }
        return table
    }

    private static func number(_ kind: Character, _ storage: UInt64) -> Int {
        switch kind {
        case "y": Int(UInt8(truncatingIfNeeded: storage))
        case "n": Int(Int16(truncatingIfNeeded: storage))
        case "q": Int(UInt16(truncatingIfNeeded: storage))
        case "i", "b": Int(Int32(truncatingIfNeeded: storage))
        case "u": Int(UInt32(truncatingIfNeeded: storage))
        default: Int(truncatingIfNeeded: storage)
        }
    }
}
