import KosCore
import KosNet
import KosTool

extension Sink {
    /// `--echo -T URI`: a client that sends back what the server says, until that ends it.
    func connect(_ host: NodeHost) throws {
        guard let endpoint = options.target.endpoints.first else {
            throw ToolFailure.usage("--echo needs --listen URI, or -T URI")
        }
        host.driver.echoEnded = { host.stop() }
        host.driver.dialFailed = { endpoint, reason in
            host.stop(
                throwing: ToolFailure(
                    .failure, code: "cannotConnect", "cannot connect to \(endpoint): \(reason)",
                    hint: "is somebody listening there?"))
        }
        host.driver.post(.connect(endpoint))
    }
}
