import Foundation

/// Why a folder cannot take a run.
public struct RunFolderError: PlacedError, Hashable {
  /// What is wrong.
  public struct Reason: Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in words.
    public let description: String

    /// A file has this name.
    public static let notAFolder = Reason(description: "a run needs a folder, and this is a file")
    /// There is a run in the folder.
    public static let holdsRun = Reason(description: "this folder holds a run already")
    /// There is no checkpoint to go on from.
    public static let nothingToResume = Reason(description: "no such file, so there is no run to go on with")
    /// A run that was to replace another was stopped before it was finished.
    public static let unfinishedReplacement = Reason(
      description: "this folder holds a run that was to replace another and is not finished")
    /// Nothing beside the folder could take its name.
    public static let cannotBeReplaced = Reason(
      description: "another folder cannot take this one's name, which a file system of its own has")
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

  /// The folder's or file's path.
  public var place: String { location.path }

  /// One line: the place and what is wrong with it.
  public var description: String { "\(place): \(reason)" + (detail.isEmpty ? "" : " (\(detail))") }
}
