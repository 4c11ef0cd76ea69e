import Foundation

/// Writes a model, or its adapter, as files that other tools load unchanged.
///
///     let export = try ModelExport(of: model.adapted(by: adapter), as: .gguf(.q8_0))
///     try await export.write(to: URL(filePath: "switch.gguf"))
///
/// A merged export has the adapter's update added to every weight it adapts, row by row, so that memory does not grow with
/// the model. Files and folders appear whole or not at all (`AtomicFile`, `AtomicFolder`). Equal models give equal
/// bytes, whatever the number of threads.
///
/// It writes, and checks nothing of what it has written: see ``ExportReplay``.
public struct ModelExport: Sendable {
  package let model: LanguageModel
  package let format: ExportFormat
  /// What the base model is called in the files, best as the hub calls it; the name of its file or folder where not told.
  package let baseModelName: String
  /// What folders say about the model in their `README.md`; none is written where `nil`. `CSTReports` makes one.
  package var readme: String?

  /// Checks what is asked for.
  ///
  /// - Parameters:
  ///   - model: The model, with its adapter if it has one.
  ///   - format: What to write.
  ///   - baseModelName: What the base model is called; the name of its file or folder where `nil`.
  /// - Throws: ``ExportError`` for weights in a format that the files cannot have, and for an adapter where the model has
  ///   none.
  public init(of model: LanguageModel, as format: ExportFormat, baseModelName: String? = nil) throws(ExportError) {
    guard format.allowedWeightFormats.contains(format.weightFormat) else {
      throw ExportError(.unsupportedType(format.weightFormat, allowed: format.allowedWeightFormats))
    }
    guard !format.isAdapterOnly || model.adapter != nil else { throw ExportError(.noAdapter) }
    self.model = model
    self.format = format
    self.baseModelName = baseModelName ?? model.source.location.lastPathComponent
  }

  /// Writes the file or folder at `url`, which must not exist; a folder may if it is empty.
  ///
  /// - Throws: `FormatError`: `unwritable`, a source written to since it was read (`unreadable`), or what would make a file unreadable; a weight beyond the range of the format
  ///   asked for (`badValue`); a tokenizer that the files cannot express.
  ///   What is taken from the model's own files is as it was when they were read, though others have replaced them since.
  /// - Complexity: One pass over the weights; holds a million numbers at a time.
  public func write(to url: URL) async throws {
    try await onComputeThread {
      switch format {
      case .huggingFace(let format, let limit):
        try AtomicFolder.write(to: url) {
          try HuggingFaceModelWriter(model: model, format: format, shardLimit: limit, readme: readme).write(to: $0)
        }
      case .gguf(let format): try GGUFModelWriter(model: model, format: format).write(to: url)
      case .ggufAdapter(let format): try model.adapter?.writeGGUF(to: url, for: model, as: format)
      case .peft:
        try AtomicFolder.write(to: url) { folder in
          try model.adapter?.write(to: folder, baseModelName: baseModelName)
          if let readme { try AtomicFile.write(Data(readme.utf8), to: folder.appending(path: "README.md")) }
        }
      }
    }
  }

  /// The model that the files at `url`, written by ``write(to:)``, are read back as: the exported one, or the base model
  /// with the exported adapter.
  package func readBack(from url: URL) async throws -> LanguageModel {
    guard format.isAdapterOnly else {
      return try await LanguageModel(
        contentsOf: url, precision: model.precision, ignoring: ModelFolder.isFolder(url) ? model.ignoredKeys : [])
    }
    return model.adapted(by: try LoRAAdapter(contentsOf: url, for: model))
  }

  /// The names that files of an exported folder may have, apart from numbered shards.
  package static let folderNames: Set<String> = Set(
    HuggingFaceFiles.tokenizerNames + HuggingFaceFiles.licenceNames + [
      SafetensorsShardWriter.singleName, SafetensorsShardWriter.indexName, "config.json", "generation_config.json",
      "README.md", "adapter_config.json", "adapter_model.safetensors",
    ])
}
