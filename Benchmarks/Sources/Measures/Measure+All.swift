import Foundation

extension Measure {
  /// Everything that is measured, in the order of the table.
  ///
  /// - Parameters:
  ///   - threads: Threads of what is shared between several.
  ///   - model: A GGUF file or folder for the work of a whole model; left out where it does not exist.
  public static func all(threads: Int, model: URL?) -> [Measure] {
    let location = model ?? root.appending(path: ".cache/models/SmolLM2-135M-Instruct.Q4_1.gguf")
    let models =
      FileManager.default.fileExists(atPath: location.path) ? Measure.model(location, threads: threads) : []
    return products(threads: threads) + attention() + rows() + weights() + models
  }
}
