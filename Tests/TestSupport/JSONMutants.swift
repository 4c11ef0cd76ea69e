import CSTCore
import Foundation

/// Altered copies of a JSON file: every value replaced by values of other kinds and at the limits of numbers, every
/// member removed, bits flipped, the text cut.
public struct JSONMutants: Sequence, IteratorProtocol {
  /// A copy and what was done to it.
  public typealias Element = (content: [UInt8], label: String)

  private static var replacements: [Any] {
    [
      NSNull(), true, -1, 0, 1, 3, Int(Int32.max), Int(Int32.max) + 1, 1 << 24, 1 << 53, Int.max, Int.min, UInt64.max,
      1e308,
      1e-300, 1.5, "", "x", "../x", "/etc/hostname", "a\u{0}b", [Any](), [0], ["x"], [String: Any](), ["x": 1],
      [[[[[[[["deep"]]]]]]]],
    ]
  }

  private var pending: [Element] = []

  /// Copies of `original`, a sound file.
  ///
  /// - Parameters:
  ///   - most: Values and members that are altered, spread over the file where it has more.
  ///   - flips: Copies with flipped bits.
  public init(of original: Data, most: Int = 200, flips: Int = 300, seed: UInt64 = 3) throws {
    let root = try JSONSerialization.jsonObject(with: original, options: .fragmentsAllowed)
    var paths: [[Step]] = []
    Self.collect(root, [], into: &paths)
    var generator = SeededGenerator(seed: seed)
    if paths.count > most { paths = Array(paths.shuffled(using: &generator).prefix(most)) }
    for path in paths {
      for value in Self.replacements { try append(Self.changed(root, path[...], to: value), "\(path) = \(value)") }
      try append(Self.changed(root, path[...], to: nil), "without \(path)")
    }
    let bytes = [UInt8](original)
    for number in 0..<flips {
      var copy = bytes
      copy[Int.random(in: 0..<copy.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      pending.append((copy, "flip \(number)"))
    }
    for count in stride(from: 0, to: bytes.count, by: Swift.max(1, bytes.count / 400)) {
      pending.append((Array(bytes[..<count]), "\(count) bytes"))
    }
    pending.append((bytes + Array("x".utf8), "more behind the end"))
    pending.append(([UInt8](repeating: UInt8(ascii: "["), count: 200_000), "deep"))
    pending.reverse()
  }

  /// The next copy.
  public mutating func next() -> Element? { pending.popLast() }

  private enum Step: CustomStringConvertible {
    case key(String)
    case index(Int)

    var description: String {
      switch self {
      case .key(let key): key
      case .index(let index): "\(index)"
      }
    }
  }

  private mutating func append(_ value: Any?, _ label: String) throws {
    guard let value else { return }
    pending.append(([UInt8](try JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed)), label))
  }

  private static func collect(_ value: Any, _ path: [Step], into paths: inout [[Step]]) {
    if !path.isEmpty { paths.append(path) }
    if let object = value as? [String: Any] {
      for key in object.keys.sorted() { collect(object[key] ?? NSNull(), path + [.key(key)], into: &paths) }
    } else if let array = value as? [Any] {
      for (index, element) in array.enumerated() { collect(element, path + [.index(index)], into: &paths) }
    }
  }

  /// The value with what is at the end of a path replaced, or removed where `new` is `nil`.
  private static func changed(_ value: Any, _ path: ArraySlice<Step>, to new: Any?) -> Any? {
    guard let step = path.first else { return new }
    switch step {
    case .key(let key):
      var object = value as? [String: Any] ?? [:]
      object[key] = object[key].flatMap { changed($0, path.dropFirst(), to: new) }
      return object
    case .index(let index):
      var array = value as? [Any] ?? []
      if let element = changed(array[index], path.dropFirst(), to: new) {
        array[index] = element
      } else {
        array.remove(at: index)
      }
      return array
    }
  }
}
