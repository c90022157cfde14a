import KosCore
import NIOPosix
import NIOSSL
import NIOHTTP1
import NIOWebSocket
import Crypto
