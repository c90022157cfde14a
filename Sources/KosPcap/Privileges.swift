import CPcap
import Glibc

/// Gives up what was needed to open interfaces, and is not to read strangers' packets.
package enum Privileges {
    package struct Failure: Error {
        package let message: String
    }

    /// Where the program's file brings the right to capture and a group `name` is there, only its
    /// members have that right: what the package installs must not let everybody listen.
    package static func isRefused(byGroup name: String) -> Bool {
        guard geteuid() != 0, kos_is_privileged() != 0, let group = getgrnam(name) else {
            return false
        }
        let wanted = group.pointee.gr_gid
        var groups = [gid_t](repeating: 0, count: 1 << 16)
        let count = getgroups(Int32(groups.count), &groups)
        return getegid() != wanted && !groups[..<max(0, Int(count))].contains(wanted)
    }

    /// Becomes `user`: by default whoever called sudo, else nobody. Does nothing where there is
    /// nothing to give up. `files` are given to the new user, who may have to rename them in a
    /// folder where only owners can. Returns the name of the new user, nil when nothing changed.
    package static func drop(to user: String?, giving files: [Int32] = []) throws -> String? {
        _ = kos_no_new_privileges()
        guard geteuid() == 0 else {
            // What setcap(8) gave was needed to open interfaces only.
            guard kos_drop_capabilities() == 0 else {
                throw Failure(message: "capabilities: \(String(cString: strerror(errno)))")
            }
            return nil
        }
        let name = user ?? getenv("SUDO_USER").map { String(cString: $0) } ?? "nobody"
        guard name != "root" else { return nil }
        guard let entry = getpwnam(name) else { throw Failure(message: "there is no user \(name)") }
        let (uid, gid) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
        for file in files { _ = fchown(file, uid, gid) }
        guard setgroups(0, nil) == 0, setgid(gid) == 0, setuid(uid) == 0 else {
            throw Failure(message: "cannot become \(name): \(String(cString: strerror(errno)))")
        }
        // A way back would make all of it worthless.
        guard uid == 0 || setuid(0) != 0 else { throw Failure(message: "still root") }
        guard uid == 0 || kos_drop_capabilities() == 0 else {
            throw Failure(message: "capabilities: \(String(cString: strerror(errno)))")
        }
        return name
    }
}

/// Signals that came, out of the pipe that their handler writes to: one octet each.
package func readSignals(_ descriptor: Int32) -> [UInt8] {
    var octets = [UInt8](repeating: 0, count: 64)
    let count = octets.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return Array(octets[..<max(0, count)])
}
