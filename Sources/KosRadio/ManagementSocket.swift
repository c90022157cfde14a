import CBluetooth
import Glibc
import KosCore

/// The kernel's management socket: commands with their answers, and what happens meanwhile.
final class ManagementSocket {
    let descriptor: Int32
    private let now: () -> Instant
    private var events: [ManagementEvent] = []
    private static let maxEvents = 4096
    private static let patience = Duration.seconds(5)
    /// HCI_CHANNEL_CONTROL.
    private static let channel: UInt16 = 3

    init(now: @escaping () -> Instant) throws(BluetoothFailure) {
        self.now = now
        descriptor = socket(
            AF_BLUETOOTH,
            Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                | Int32(SOCK_NONBLOCK.rawValue), BTPROTO_HCI)
        guard descriptor >= 0 else { throw .socket(errno) }
        let address =
            LittleEndian.octets(UInt16(AF_BLUETOOTH))
            + LittleEndian.octets(ManagementCommand.noIndex)
            + LittleEndian.octets(ManagementSocket.channel)
        guard BluetoothSocket.bind(descriptor, address) else {
            let code = errno
            close(descriptor)
            throw .socket(code)
        }
    }

    deinit { close(descriptor) }

    /// The parameters of the answer, or the status that is none of success.
    func ask(
        _ command: ManagementCommand, index: UInt16 = ManagementCommand.noIndex
    ) -> Result<[UInt8], Refusal> {
        let octets = command.octets(index: index)
        guard write(descriptor, octets, octets.count) == octets.count else {
            return .failure(Refusal(status: errno == EPERM ? ManagementStatus.notPermitted : 0xFF))
        }
        let end = now() + ManagementSocket.patience
        while now() < end {
            while let event = read() {
                if case .answer(command.opcode, let status, let answer) = event.content,
                    event.index == index
                {
                    return status == 0 ? .success(answer) : .failure(Refusal(status: status))
                }
                if events.count < ManagementSocket.maxEvents { events.append(event) }
            }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&entry, 1, Int32(max(1, (end - now()).nanoseconds / 1_000_000)))
        }
        return .failure(Refusal(status: 0xFF))
    }

    /// What has come by itself.
    func take() -> [ManagementEvent] {
        defer { events = [] }
        while events.count < ManagementSocket.maxEvents, let event = read() { events.append(event) }
        return events
    }

    private func read() -> ManagementEvent? {
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            if let event = ManagementEvent(Array(buffer[..<count])) { return event }
        }
    }

    struct Refusal: Error {
        let status: UInt8

        /// As it is told of an adapter.
        func failure(_ adapter: String) -> BluetoothFailure {
            switch status {
            case ManagementStatus.notPowered:
                BluetoothFailure(
                    "\(adapter) is switched off", cure: "switch it on: bluetoothctl power on")
            case ManagementStatus.switchedOff:
                BluetoothFailure(
                    "\(adapter) is blocked by rfkill", cure: "rfkill unblock bluetooth")
            case ManagementStatus.notPermitted: .socket(EPERM)
            case ManagementStatus.noSuchAdapter: .noAdapter
            case ManagementStatus.busy:
                BluetoothFailure("\(adapter) is busy", cure: "try again")
            case ManagementStatus.notSupported:
                BluetoothFailure(
                    "\(adapter) cannot do that", cure: "see btmgmt info, or use another adapter")
            default:
                BluetoothFailure(
                    "\(adapter) refuses, status \(status)", cure: "see dmesg and btmon")
            }
        }
    }
}
