/// Filters of lists, dictionaries and everything else that has elements.
extension TemplateEvaluator {
  func applyToList(_ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let name = filter.rawValue
    switch filter {
    case .length, .count:
      _ = try bind(arguments, of: name)
      return .integer(try length(of: value))
    case .first, .last:
      _ = try bind(arguments, of: name)
      return try end(of: value, isFirst: filter == .first)
    case .list:
      _ = try bind(arguments, of: name)
      return try list(try iterate(value))
    case .join: return try join(value, arguments)
    case .items:
      _ = try bind(arguments, of: name)
      if value.isUndefined { return .iterator(TemplateIterator([])) }
      guard case .dictionary(let dictionary) = value else { throw error("Can only get item pairs from a mapping.") }
      return .iterator(TemplateIterator(try iterate(try call("items", of: dictionary, TemplateArguments()))))
    case .reverse:
      _ = try bind(arguments, of: name)
      if case .text(let text) = value {
        return .text(text.characters(at: (0..<text.characterCount).reversed()))
      }
      return .iterator(TemplateIterator(try iterate(value).reversed(), typeName: "list_reverseiterator"))
    case .map: return .iterator(TemplateIterator(try map(value, arguments)))
    case .select, .reject, .selectattr, .rejectattr:
      return .iterator(TemplateIterator(try select(value, filter, arguments)))
    case .sort, .dictsort, .unique, .min, .max: return try applyOrder(filter, value, arguments)
    case .sum:
      let bound = try bind(arguments, to: "attribute", "start", of: name)
      var sum = bound[1] ?? .integer(0)
      if case .text = sum { throw error("sum() can't sum strings") }
      for item in try iterate(value) { sum = try compute(sum, .add, try part(bound[0], of: item)) }
      return sum
    default: return .iterator(TemplateIterator(try grouped(value, filter, arguments)))
    }
  }

  func length(of value: TemplateValue) throws -> Int {
    switch value {
    case .undefined: return 0
    case .text(let text):
      try charge(text.count / 64)
      return text.characterCount
    case .list(let list), .tuple(let list), .range(let list, _, _, _): return list.items.count
    case .dictionary(let dictionary): return dictionary.pairs.count
    case .iterator(let iterator) where iterator.isView: return iterator.rest.count
    case .loop(let loop): return loop.items.count
    default: throw error("object of type '\(value.typeName)' has no len()")
    }
  }

  private func end(of value: TemplateValue, isFirst: Bool) throws -> TemplateValue {
    if case .iterator(let iterator) = value, !iterator.isView {
      guard isFirst else { throw error("'\(value.typeName)' object is not reversible") }
      return iterator.rest.popFirst() ?? .undefined(.other("No first item, sequence was empty."))
    }
    let items = try iterate(value)
    return (isFirst ? items.first : items.last)
      ?? .undefined(.other("No \(isFirst ? "first" : "last") item, sequence was empty."))
  }

  private func join(_ value: TemplateValue, _ arguments: TemplateArguments) throws -> TemplateValue {
    let bound = try bind(arguments, to: "d", "attribute", of: "join")
    let separator = try text(of: bound[0] ?? .text(""))
    var result = TemplateText()
    for (index, item) in try iterate(value).enumerated() {
      let before = result.count
      if index > 0 { result.append(separator) }
      result.append(try text(of: try part(bound[1], of: item)))
      try charge(result, grownFrom: before)
    }
    return .text(result)
  }

  // MARK: Attributes

  /// The part of an element that `attribute` names: `"a.b"`, `"a.0"`, or the element itself where it is `nil`.
  func part(_ attribute: TemplateValue?, of item: TemplateValue, default standard: TemplateValue? = nil)
    throws -> TemplateValue
  {
    guard let attribute, !attribute.isNone else { return item }
    var keys = [attribute]
    if case .text(let path) = attribute {
      keys = path.split(by: TemplateText(".", .template), limit: .max, fromEnd: false).map { part in
        if !part.isEmpty, part.bytes.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(part.string) {
          return .integer(index)
        }
        return .text(part)
      }
    }
    var value = item
    for key in keys {
      value = try self.item(key, of: value)
      if let standard, !standard.isNone, value.isUndefined { value = standard }
    }
    return value
  }

  private func map(_ value: TemplateValue, _ arguments: TemplateArguments) throws -> [TemplateValue] {
    if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name == "attribute" }) {
      let bound = try bind(arguments, to: "attribute", "default", required: 1, of: "map")
      return try iterate(value).map { try part(bound[0], of: $0, default: bound[1]) }
    }
    guard let first = arguments.positional.first else { throw error("map requires a filter argument") }
    let name = try plainText(first, for: "the name of a filter").string
    let rest = TemplateArguments(positional: Array(arguments.positional.dropFirst()), named: arguments.named)
    return try iterate(value).map { try apply(named: name, to: $0, rest) }
  }

  private func select(_ value: TemplateValue, _ filter: TemplateFilter, _ arguments: TemplateArguments)
    throws -> [TemplateValue]
  {
    guard value.isTrue else { return [] }
    var rest = arguments
    var attribute: TemplateValue?
    if filter == .selectattr || filter == .rejectattr {
      guard !rest.positional.isEmpty else { throw error("Missing parameter for attribute name") }
      attribute = rest.positional.removeFirst()
    }
    let keeps = filter == .select || filter == .selectattr
    let name =
      rest.positional.isEmpty ? nil : try plainText(rest.positional.removeFirst(), for: "the name of a test").string
    return try iterate(value).filter { item in
      let tested = try part(attribute, of: item)
      let isSelected: Bool
      if let name {
        guard let test = TemplateTest(name) else { throw error("the test \"\(name)\"", .unsupported) }
        isSelected = try holds(test, for: tested, rest)
      } else {
        isSelected = tested.isTrue
      }
      return isSelected == keeps
    }
  }

  // MARK: Order

  private func applyOrder(_ filter: TemplateFilter, _ value: TemplateValue, _ arguments: TemplateArguments)
    throws -> TemplateValue
  {
    let name = filter.rawValue
    switch filter {
    case .sort:
      let bound = try bind(arguments, to: "reverse", "case_sensitive", "attribute", of: name)
      let items = try iterate(value)
      let keys = try sortingKeys(items, attribute: bound[2], isCaseSensitive: bound[1]?.isTrue ?? false)
      return try list(try sortedPositions(of: keys, descending: bound[0]?.isTrue ?? false).map { items[$0] })
    case .dictsort:
      let bound = try bind(arguments, to: "case_sensitive", "by", "reverse", of: name)
      guard case .dictionary(let dictionary) = value else { throw error("dictsort expects a mapping") }
      let by = try bound[1].map { try plainText($0, for: "by").string } ?? "key"
      guard by == "key" || by == "value" else { throw error("You can only sort by either \"key\" or \"value\"") }
      let keys = try sortingKeys(
        dictionary.pairs.map { by == "key" ? $0.key : $0.value }, attribute: nil,
        isCaseSensitive: bound[0]?.isTrue ?? false)
      return try list(
        try sortedPositions(of: keys, descending: bound[2]?.isTrue ?? false).map {
          .tuple(try elements([dictionary.pairs[$0].key, dictionary.pairs[$0].value]))
        })
    default:
      let bound = try bind(arguments, to: "case_sensitive", "attribute", of: name)
      let items = try iterate(value)
      let keys = try sortingKeys(items, attribute: bound[1], isCaseSensitive: bound[0]?.isTrue ?? false)
      if filter == .unique { return .iterator(TemplateIterator(try unique(items, keys))) }
      guard var best = items.indices.first else { return .undefined(.other("No aggregated item, sequence was empty.")) }
      for index in items.indices.dropFirst() {
        let isBetter =
          filter == .min ? try precedes(keys[index], keys[best], "<") : try precedes(keys[best], keys[index], ">")
        if isBetter { best = index }
      }
      return items[best]
    }
  }

  /// What elements are compared by: a part of them, in lower case where case does not count.
  private func sortingKeys(_ items: [TemplateValue], attribute: TemplateValue?, isCaseSensitive: Bool)
    throws -> [TemplateValue]
  {
    if case .text(let text)? = attribute, text.bytes.contains(UInt8(ascii: ",")) {
      throw error("sorting by several attributes", .unsupported)
    }
    return try items.map { item in
      let key = try part(attribute, of: item)
      return if case .text(let text) = key, !isCaseSensitive { .text(text.lowercased) } else { key }
    }
  }

  private func unique(_ items: [TemplateValue], _ keys: [TemplateValue]) throws -> [TemplateValue] {
    var seen: [TemplateValue] = []
    var result: [TemplateValue] = []
    for (item, key) in zip(items, keys) {
      try charge(seen.count + 1)
      var isNew = true
      for other in seen where isNew { isNew = !(try isEqual(other, key)) }
      if isNew {
        seen.append(key)
        result.append(item)
      }
    }
    return result
  }

  /// Positions in ascending order of their keys, or descending; equal keys stay in place. A merge sort.
  func sortedPositions(of keys: [TemplateValue], descending: Bool) throws -> [Int] {
    var order = Array(keys.indices)
    var width = 1
    while width < order.count {
      var merged: [Int] = []
      merged.reserveCapacity(order.count)
      for start in stride(from: 0, to: order.count, by: 2 * width) {
        let middle = min(start + width, order.count)
        let end = min(start + 2 * width, order.count)
        var (left, right) = (start, middle)
        while left < middle && right < end {
          try charge(1)
          let (first, second) = (keys[order[left]], keys[order[right]])
          let takesRight = descending ? try precedes(first, second, "<") : try precedes(second, first, "<")
          merged.append(order[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
        merged += order[left..<middle] + order[right..<end]
      }
      order = merged
      width *= 2
    }
    return order
  }

  // MARK: Groups

  /// `batch` (rows of a given length) and `slice` (a given number of columns).
  private func grouped(_ value: TemplateValue, _ filter: TemplateFilter, _ arguments: TemplateArguments)
    throws -> [TemplateValue]
  {
    let bound = try bind(
      arguments, to: filter == .batch ? "linecount" : "slices", "fill_with", required: 1, of: filter.rawValue)
    let size = try integer(bound[0] ?? .none, for: "the size")
    guard size > 0 else { throw error("\(filter.rawValue) of \(size)") }
    try charge(elements: size)
    let items = try iterate(value)
    let filler = bound[1].flatMap { $0.isNone ? nil : $0 }
    var groups: [TemplateValue] = []
    if filter == .batch {
      for start in stride(from: 0, to: items.count, by: size) {
        var row = Array(items[start..<min(start + size, items.count)])
        if let filler { row += [TemplateValue](repeating: filler, count: size - row.count) }
        groups.append(try list(row))
      }
      return groups
    }
    var start = 0
    for index in 0..<size {
      let hasExtra = index < items.count % size
      let end = start + items.count / size + (hasExtra ? 1 : 0)
      var column = Array(items[start..<end])
      if let filler, !hasExtra { column.append(filler) }
      groups.append(try list(column))
      start = end
    }
    return groups
  }
}
