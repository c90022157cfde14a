import CBluetooth
import Glibc
package import KosCore

/// An adapter of this machine, as the kernel's management interface tells.
package struct BluetoothAdapter: Sendable {
    let index: UInt16
    package let address: BluetoothAddress
    let information: AdapterInformation

    package var name: String { "hci\(index)" }

    /// The adapter of that name (`hci0`) or address, switched on and with Low Energy; the first
    /// that is on where none is named.
    package static func choose(
        _ wanted: String?, now: @escaping () -> Instant
    ) throws(BluetoothFailure) -> BluetoothAdapter {
        try choose(wanted, ManagementSocket(now: now))
    }

    static func choose(
        _ wanted: String?, _ socket: ManagementSocket
    ) throws(BluetoothFailure) -> BluetoothAdapter {
        let all = try all(socket)
        let named = all.filter { $0.answers(to: wanted) }
        guard let adapter = named.first(where: \.isOn) ?? named.first else {
            guard let wanted, !all.isEmpty else { throw .noAdapter }
            let names = all.map { "\($0.name) (\($0.address))" }.joined(separator: ", ")
            throw BluetoothFailure("there is no adapter \(wanted)", cure: "there is: \(names)")
        }
        guard adapter.isOn else {
            throw ManagementSocket.Refusal(status: ManagementStatus.notPowered).failure(
                adapter.name)
        }
        return adapter
    }

    private static func all(
        _ socket: ManagementSocket
    ) throws(BluetoothFailure) -> [BluetoothAdapter] {
        guard case .success(let list) = socket.ask(.readIndexList), list.count >= 2 else {
            throw .noAdapter
        }
        let count = min(LittleEndian.number(list, 0, 2), (list.count - 2) / 2)
        let indices = (0..<count).map { UInt16(LittleEndian.number(list, 2 + $0 * 2, 2)) }
        return indices.sorted().compactMap { index in
            guard case .success(let body) = socket.ask(.readInformation, index: index),
                let information = AdapterInformation(body)
            else { return nil }
            return BluetoothAdapter(
                index: index, address: information.address, information: information)
        }
    }

    private var isOn: Bool { information.current.contains(.powered) }

    private func answers(to wanted: String?) -> Bool {
        guard let wanted, wanted != "any" else { return true }
        return wanted == name || BluetoothAddress(wanted) == address
    }

    /// Sees to it that an adapter does what is wanted of it; what it cannot is told.
    func enable(
        _ wanted: AdapterSettings, with command: ManagementCommand, _ socket: ManagementSocket
    ) throws(BluetoothFailure) {
        guard !information.current.contains(wanted) else { return }
        guard information.supported.contains(wanted) else {
            throw ManagementSocket.Refusal(status: ManagementStatus.notSupported).failure(name)
        }
        if case .failure(let refusal) = socket.ask(command, index: index) {
            throw refusal.failure(name)
        }
    }
}
