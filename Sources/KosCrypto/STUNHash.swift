import Crypto
import KosCore

/// HMAC-SHA1 for STUN's MESSAGE-INTEGRITY.
package struct STUNHash: STUNAuthenticator {
    package init() {}

    package func hmacSHA1(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        Array(
            HMAC<Insecure.SHA1>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }
}
