import Foundation

/// Why a folder cannot take a run.
public struct RunFolderError: LocalizedError, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public struct Reason: Sendable, Hashable {
    let words: String

    /// A file has this name.
    public static let notAFolder = Reason(words: "a run needs a folder, and this is a file")
    /// There is a run in the folder.
    public static let holdsRun = Reason(words: "this folder holds a run already")
    /// There is no checkpoint to go on from.
    public static let nothingToResume = Reason(words: "no such file, so there is no run to go on with")
    /// A run that was to replace another was stopped before it was finished.
    public static let unfinishedReplacement = Reason(
      words: "this folder holds a run that was to replace another and is not finished")
    /// Nothing beside the folder could take its name.
    public static let cannotBeReplaced = Reason(
      words: "another folder cannot take this one's name, which a file system of its own has")
  }

  /// What is wrong.
  public let reason: Reason
  /// The folder or file.
  public let location: URL
  /// The file that was found, or empty.
  public let detail: String

  init(_ reason: Reason, _ location: URL, detail: String = "") {
    self.reason = reason
    self.location = location
    self.detail = detail
  }

  /// One line: the place and what is wrong with it.
  public var description: String {
    "\(location.path): \(reason.words)" + (detail.isEmpty ? "" : " (\(detail))")
  }

  /// The same line as ``description``.
  public var errorDescription: String? { description }
}
