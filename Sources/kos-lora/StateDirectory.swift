import KosRadio
import KosTool

/// `$XDG_STATE_HOME/kos`, by default `~/.local/state/kos`.
enum StateDirectory {
    static func path() throws -> String {
        guard let path = RadioDirectories.state else {
            throw ToolFailure(
                .failure, code: "noStateDirectory",
                "there is no home directory for the air time ledger", hint: "set XDG_STATE_HOME")
        }
        return path
    }
}
