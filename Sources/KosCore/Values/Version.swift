/// The toolkit's own version and the versions of the formats that it speaks.
package enum Version {
    /// Release of the six tools, as `--version` prints it.
    package static let toolkit = "0.1.0"
    /// Major version of the record format: the `kos` member of every record.
    package static let records = 1
    /// Wire version of a packet: its `version` member.
    package static let packet = 1
}
