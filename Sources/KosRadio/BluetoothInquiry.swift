import CBluetooth
import Glibc
import KosCore

/// Classic devices in reach, by libbluetooth: its calls wait, so that they run on a thread of their
/// own.
enum BluetoothInquiry {
    struct Found: Sendable {
        let device: BluetoothAddress
        /// What the device calls itself; nil where it did not answer in time.
        let name: String?
    }
    /// Of 1.28 s.
    private static let length: Int32 = 3
    private static let most: Int32 = 64
    /// ms
    private static let namePatience: Int32 = 2000

    /// Tells each device, then nil; the failure where the adapter refuses.
    static func run(
        _ adapter: BluetoothAdapter,
        tell: @escaping @Sendable (Result<Found?, BluetoothFailure>) -> Void
    ) -> Bool {
        CommandThread<Never>()?.start { _ in
            do throws(BluetoothFailure) {
                try inquire(adapter) { tell(.success($0)) }
                tell(.success(nil))
            } catch {
                tell(.failure(error))
            }
        } ?? false
    }

    private static func inquire(
        _ adapter: BluetoothAdapter, _ tell: (Found) -> Void
    ) throws(BluetoothFailure) {
        var found: UnsafeMutablePointer<inquiry_info>?
        let count = hci_inquiry(
            Int32(adapter.index), length, most, nil, &found, Int(IREQ_CACHE_FLUSH))
        guard count >= 0 else { throw .socket(errno) }
        defer { bt_free(found) }
        let device = hci_open_dev(Int32(adapter.index))
        defer { if device >= 0 { hci_close_dev(device) } }
        for place in 0..<Int(count) {
            guard var info = found?[place] else { return }
            let octets = withUnsafeBytes(of: info.bdaddr) { Array($0) }
            guard let address = BluetoothAddress(reversed: octets) else { continue }
            var name = [CChar](repeating: 0, count: 249)
            let hasName =
                device >= 0
                && hci_read_remote_name(
                    device, &info.bdaddr, Int32(name.count - 1), &name, namePatience) == 0
            let text = String(
                decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            tell(Found(device: address, name: hasName && !text.isEmpty ? text : nil))
        }
    }
}
