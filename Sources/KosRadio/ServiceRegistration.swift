import CBluetooth
import KosCore

/// A service record that bluetoothd keeps (`bluetoothd -C`), as long as this lives.
final class ServiceRegistration {
    private let session: UnsafeMutablePointer<sdp_session_t>

    /// Nil where no daemon takes records.
    init?(_ record: ServiceRecord, on device: BluetoothAddress) {
        guard let adapter = device.device else { return nil }
        var any = bdaddr_t()
        // FF:FF:FF:00:00:00: the daemon of this machine.
        var local = bdaddr_t(b: (0, 0, 0, 0xFF, 0xFF, 0xFF))
        guard let session = sdp_connect(&any, &local, UInt32(SDP_RETRY_IF_BUSY)) else { return nil }
        var octets = record.element([0...0xFFFF]).octets
        var source = adapter
        var handle: UInt32 = 0
        guard
            sdp_device_record_register_binary(
                session, &source, &octets, UInt32(octets.count), 0, &handle) == 0
        else {
            sdp_close(session)
            return nil
        }
        self.session = session
    }

    deinit { sdp_close(session) }
}

extension BluetoothAddress {
    /// As libbluetooth has it.
    var device: bdaddr_t? {
        let octets = reversed
        guard octets.count == 6 else { return nil }
        return bdaddr_t(b: (octets[0], octets[1], octets[2], octets[3], octets[4], octets[5]))
    }
}
