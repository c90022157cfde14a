import KosCore
import CPcap
