import KosCore
import CAvahi
