import Foundation
struct GGUFModel { init(contentsOf: URL) throws {}; func languageModel(precision: Precision) throws -> LanguageModel { fatalError() } }
