import KosCore
import GRDB
