import KosCore
import KosRadio
import KosTool

/// What a station has to tell, as records.
extension Station {
    func record(of frame: ReceivedFrame) -> RadioFrameRecord {
        told += 1
        return RadioFrameRecord(
            timestamp: SystemClock.timestamp, number: told, interface: loop.address.name,
            frame: frame, radio: report(of: frame))
    }

    func record(of packet: Packet, _ frame: ReceivedFrame) -> PacketRecord {
        var record = PacketRecord(packet)
        record.radio = report(of: frame).object
        return record
    }

    func record(_ event: RadioRecord.Event, reason: String? = nil) -> RadioRecord {
        var record = RadioRecord(
            timestamp: SystemClock.timestamp, event: event, port: loop.address.name)
        record.driver = loop.address.driver.rawValue
        record.model = info.model
        record.firmware = info.firmware
        record.settings = loop.address.settings
        record.mtuBytes = loop.modem.mtu
        record.batteryPercent = info.batteryPercent
        record.temperatureC = info.temperatureC
        record.noiseFloorDbm = info.noiseFloorDbm
        record.reason = reason
        return record
    }
}
