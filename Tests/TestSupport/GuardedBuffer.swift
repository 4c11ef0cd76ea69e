import Foundation

/// Memory whose last element is the last thing before an unmapped page, so that touching anything past it crashes, and
/// whose bytes before the first element hold a pattern that `isIntactInFront` checks.
///
/// The start is aligned for `Element` and no better: counts that are not a multiple of 16 give misaligned vectors.
public final class GuardedBuffer<Element: BitwiseCopyable> {
  /// The elements.
  public let elements: UnsafeMutableBufferPointer<Element>
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  private let frontBytes: Int
  private static var pattern: UInt8 { 0xA5 }

  /// The first element.
  public var pointer: UnsafeMutablePointer<Element> {
    UnsafeMutableRawPointer(mapping + frontBytes).assumingMemoryBound(to: Element.self)
  }

  /// `count` elements, all `fill`.
  public init(count: Int, fill: Element) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let bytes = count * MemoryLayout<Element>.stride
    let usable = (bytes + 64 + page - 1) / page * page
    mappedBytes = usable + page
    let mapped = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { preconditionFailure("mmap of \(mappedBytes) bytes failed") }
    guard mprotect(mapped + usable, page, PROT_NONE) == 0 else { preconditionFailure("mprotect failed") }
    mapping = mapped
    frontBytes = usable - bytes
    memset(mapping, Int32(Self.pattern), frontBytes)
    let start = (mapping + frontBytes).bindMemory(to: Element.self, capacity: count)
    elements = UnsafeMutableBufferPointer(start: start, count: count)
    elements.initialize(repeating: fill)
  }

  deinit { munmap(mapping, mappedBytes) }

  /// Whether nothing was written in front of the first element.
  public var isIntactInFront: Bool {
    UnsafeRawBufferPointer(start: mapping, count: frontBytes).allSatisfy { $0 == Self.pattern }
  }
}
