import CSTCore
